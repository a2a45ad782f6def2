//! `talkhub-client`, the logic server.

fn main() -> std::process::ExitCode {
    talkhub_client::shell::cli::main()
}
