//! Neither a C library nor its start-up code: the kernel enters at `_start`, and that is all there is.
fn main() {
    for argument in
        ["-nostdlib", "-nostartfiles", "-static", "-Wl,--build-id=none", "-Wl,-z,noexecstack"]
    {
        println!("cargo:rustc-link-arg-bins={argument}");
    }
    println!("cargo:rerun-if-changed=build.rs");
}
