//! A user's home whose catalogue leads to a server of the test.

use crate::support::Project;

/// A home with this `catalogue.yaml`.
pub fn with(catalogue: &str) -> Project {
    let project = Project::empty();
    project.write("../home/config/storygen/catalogue.yaml", catalogue);
    project
}

/// A home where vendors are at these addresses, with keys in their own variables.
pub fn at(vendors: &[(&str, String)]) -> Project {
    let row = |(name, url): &(&str, String)| {
        let key = format!("{}_API_KEY", name.to_uppercase());
        let key = std::fs::read_to_string("catalogue/vendors.yaml")
            .is_ok_and(|rows| rows.contains(&format!("key: {key}\n")))
            .then(|| format!(", key: {key}"));
        format!("  {name}: {{base_url: '{url}'{}}}\n", key.unwrap_or_default())
    };
    let rows: String = vendors.iter().map(row).collect();
    with(&format!("vendors:\n{rows}"))
}

/// The list that is kept of a vendor, or of the one gateway in its place.
pub fn list_of(project: &Project, vendor: &str) -> String {
    let lists = project.path().join("../home/data/storygen/catalogue");
    let own = lists.join(format!("{vendor}.yaml"));
    if own.is_file() {
        return std::fs::read_to_string(own).expect("a list");
    }
    let gateways = std::fs::read_dir(lists.join("gateways")).expect("lists of gateways");
    let all: Vec<_> = gateways.map(|one| one.expect("a list").path()).collect();
    assert_eq!(all.len(), 1, "{all:?}");
    std::fs::read_to_string(&all[0]).expect("a list")
}

/// The tiny book, with the home of another project.
pub fn tiny_of(project: &Project) -> Project {
    let tiny = Project::copy("tests/tiny");
    let home = project.path().with_file_name("home");
    tiny.overlay_at("../home", &home);
    tiny
}
