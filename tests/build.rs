//! Makes the server's side of the KurrentDB protocol from its protos, without protoc.

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let protos = protox::compile(["streams.proto", "serverfeatures.proto"], ["protos"])?;
    tonic_build::configure()
        .build_client(false)
        .include_file("kurrentdb_protocol.rs")
        .compile_fds(protos)?;
    println!("cargo::rerun-if-changed=protos");
    Ok(())
}
