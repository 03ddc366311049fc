//! The program `countersign`. Everything is in [`countersign_api::cli`].

fn main() -> std::process::ExitCode {
    countersign_api::cli::main()
}
