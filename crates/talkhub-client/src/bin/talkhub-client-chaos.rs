//! The logic server with fail points, for the chaos run alone.

fn main() -> std::process::ExitCode {
    talkhub_client::shell::cli::main()
}
