//! The lookups of the catalogue, on rows made for them.

use super::*;

#[test]
fn built_in_reads() {
    let start = std::time::Instant::now();
    let c = Catalogue::built_in().unwrap();
    eprintln!("{} models {:?}", c.models().len(), start.elapsed());
    let start = std::time::Instant::now();
    for _ in 0..20 { let _ = Catalogue::built_in().unwrap(); }
    eprintln!("{:?}", start.elapsed()/20);
}
#[test]
fn compare_readers() {
    for _ in 0..3 {
    let start = std::time::Instant::now();
    for _ in 0..20 { for (_, t) in FILES { let _: CatalogueFile = serde_yaml::from_str(t).unwrap(); } }
    eprintln!("yaml_serde {:?}ms", start.elapsed()/20);
    let start = std::time::Instant::now();
    for _ in 0..20 { for (_, t) in FILES { let _: CatalogueFile = serde_saphyr::from_str(t).unwrap(); } }
    eprintln!("saphyr {:?}ms", start.elapsed()/20);
    let json: Vec<String> = FILES.iter().map(|(_, t)| serde_json::to_string(&serde_saphyr::from_str::<serde_json::Value>(t).unwrap()).unwrap()).collect();
    let start = std::time::Instant::now();
    for _ in 0..20 { for t in &json { let _: CatalogueFile = serde_json::from_str(t).unwrap(); } }
    eprintln!("json {:?}ms", start.elapsed()/20);
    }
}
