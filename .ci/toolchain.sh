# shellcheck shell=bash
# What a build of storygen needs beside Rust: a C and C++ compiler, cmake and
# libclang. Sourced by ./demo and tests/run from the repository's root.
#
# `toolchain` uses the system's cmake and libclang where they are there; else it
# fetches both as Python wheels, which need no root, into a folder of the build.

target=${CARGO_TARGET_DIR:-target}

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
die() {
  say "$*"
  exit 1
}
has() { command -v "$1" >/dev/null 2>&1; }

has_libclang() {
  [[ -n ${LIBCLANG_PATH:-} ]] && return
  has llvm-config && return
  compgen -G '/usr/lib/llvm-*/lib/libclang*.so*' >/dev/null && return
  compgen -G '/usr/lib*/libclang*.so*' >/dev/null && return
  compgen -G '/usr/lib/*/libclang*.so*' >/dev/null && return
  compgen -G '/Library/Developer/CommandLineTools/usr/lib/libclang.dylib' >/dev/null
}

# A Python environment in folder $1 that holds the packages after it; made anew
# when the list has changed.
python_packages() {
  local venv=$1
  shift
  [[ -f $venv/ready && $(<"$venv/ready") == "$*" ]] && return
  has python3 || die "python3 is missing, which fetches $*; install it with your system's packages"
  say "fetching $* into $venv"
  rm -rf "$venv"
  mkdir -p "${venv%/*}"
  python3 -m venv "$venv" ||
    die "python3 cannot make a virtual environment; install its venv module with your system's packages"
  "$venv/bin/pip" install --quiet --disable-pip-version-check --no-input "$@" ||
    die "$* could not be fetched; is the Python package index reachable?"
  printf '%s\n' "$*" >"$venv/ready"
}

toolchain() {
  has cargo || die "Rust is missing; install it from https://rustup.rs (no root needed), then run this again"
  has gcc || has cc || die "a C and C++ compiler is missing; install gcc and g++ (or clang) with your system's packages"
  if has cmake && has_libclang; then
    return
  fi
  local venv=$target/toolchain
  python_packages "$venv" cmake libclang
  venv=$(cd "$venv" && pwd)
  PATH=$venv/bin:$PATH
  LIBCLANG_PATH=$(dirname "$(find "$venv" -name 'libclang*.so*' -o -name 'libclang*.dylib' | head -n 1)")
  export PATH LIBCLANG_PATH
  # The wheel has no headers of its own: the compiler's are used.
  if has gcc; then
    BINDGEN_EXTRA_CLANG_ARGS="-I$(gcc -print-file-name=include)"
    export BINDGEN_EXTRA_CLANG_ARGS
  fi
}
