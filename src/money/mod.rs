//! Money: what calls cost, and the rules by which none is spent unasked.
//!
//! Pure: amounts, prices and entries in, decisions out. What was spent stands in
//! two files, the project's journal and the user's ledger; both are read as
//! entries of an [`Account`], and [`Payment`] says in which order they are
//! written. `project::journal` and `ledger` do the writing.
//!
//! # Why no cap is ever passed
//!
//! 1. A call is sent only after the most that it can cost stands, durably, in
//!    both files as reserved.
//! 2. An account counts a reservation in full until it is settled with what the
//!    call was billed, so at every moment it shows at least what was spent. A
//!    kill leaves reservations that nobody settles; they stay counted.
//! 3. A reservation is added to an account only if the account still holds to
//!    its cap with it. Nobody else adds between the look and the write: the
//!    project's lock guards its journal, a lock on the ledger guards that, and
//!    all books of one command take from one allowance.
//!
//! The order of the two reservations is therefore free. The ledger comes first
//! because only there another run may take the last of the money in between: a
//! refusal then leaves no trace. Killed between the two, the ledger counts a
//! call that was never sent, and the journal does not. Settling is in the order
//! journal, ledger, needs no flush, and may be lost: it only ever lowers what an
//! account shows, unless an endpoint bills more than its own price allows.

mod account;
mod amount;
mod caps;
mod need;
mod payment;
mod price;
mod rule;
mod said;

pub use account::{Account, Entry};
pub use amount::Money;
pub use caps::{Caps, Limit, Reached, Standing};
pub use need::Need;
pub use payment::{Next, Payment};
pub use price::Price;
pub use rule::{Verdict, may_ask};
pub use said::{Budget, DEAREST, PriceSaid, figure};
