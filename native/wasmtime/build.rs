use std::fs;

fn main() {
    napi_build::setup();
    println!("cargo::rerun-if-changed=Cargo.lock");
    println!("cargo::rustc-env=WASMTIME_VERSION={}", wasmtime_version());
}

/// The exact version that is built.
fn wasmtime_version() -> String {
    let lock = fs::read_to_string("Cargo.lock").expect("Cargo.lock is read");
    let package = lock.split("[[package]]").find(|one| one.contains("\nname = \"wasmtime\"\n"));
    let version = package.and_then(|one| one.split("version = \"").nth(1)?.split('"').next());
    version.expect("Cargo.lock has wasmtime").into()
}
