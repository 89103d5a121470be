//! The command line of trailcam.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use clap::error::ErrorKind;
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

use trailcam::config::{Command, CommandLine, ContractCommand, OPEN_FILES, STOP_TIMEOUT, Serve};
use trailcam::emulator::Emulator;
use trailcam::{contract, data_dir, front};

/// Exit status for a bad flag or value.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    let command_line = match CommandLine::try_parse() {
        Ok(command_line) => command_line,
        Err(error) => return usage(&error),
    };
    match command_line.command {
        None => serve(&command_line.serve),
        Some(Command::Serve(flags)) => serve(&flags),
        Some(Command::Health { listen }) => health(listen),
        Some(Command::Contract(ContractCommand::Derive { botocore, out })) => {
            finish(contract::derive::derive(&botocore, &out), 1)
        }
    }
}

/// Help and version in full; of an error, the one line that says what is wrong.
fn usage(error: &clap::Error) -> ExitCode {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        error.exit();
    }
    let text = error.to_string();
    let line = text.lines().next().unwrap_or_default();
    eprintln!("trailcam: {}", line.trim_start_matches("error: "));
    ExitCode::from(USAGE)
}

fn finish(result: Result<(), String>, status: u8) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(line) => {
            eprintln!("trailcam: {line}");
            ExitCode::from(status)
        }
    }
}

fn serve(flags: &Serve) -> ExitCode {
    if let Err(line) = flags.check() {
        return finish(Err(line), USAGE);
    }
    let filter = EnvFilter::try_from_env("TRAILCAM_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let lock = match data_dir::claim(&flags.data_dir) {
        Ok(lock) => lock,
        Err(line) => return finish(Err(line), USAGE),
    };
    // Shells allow a process 1024 open files, or 256; idle connections would use them up.
    if let Err(error) = rlimit::increase_nofile_limit(OPEN_FILES) {
        tracing::warn!(%error, "cannot raise the limit of open files");
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return finish(Err(format!("cannot start: {error}")), 1),
    };
    let result = runtime.block_on(run(flags));
    runtime.shutdown_timeout(STOP_TIMEOUT);
    drop(lock);
    finish(result, 1)
}

async fn run(flags: &Serve) -> Result<(), String> {
    let listener =
        TcpListener::bind(flags.listen).await.map_err(|error| format!("cannot listen on {}: {error}", flags.listen))?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let emulator = Arc::new(Emulator::new(flags.settings(), flags.clock));
    let driver = Arc::clone(&emulator);
    tokio::spawn(async move { driver.drive().await });
    greet(address, flags);
    front::serve(emulator, listener, stop_signal()).await;
    Ok(())
}

/// Says where it is, and a first command to try. Whoever started it may have closed the output already.
fn greet(address: SocketAddr, flags: &Serve) {
    let data_dir = std::path::absolute(&flags.data_dir).unwrap_or_else(|_| flags.data_dir.clone());
    let text = format!(
        "trailcam listens on http://{address}\n\
         objects in {}\n\
         try: AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_DEFAULT_REGION={} \\\n       \
         aws --endpoint-url http://{address} cloudtrail lookup-events\n",
        data_dir.join("s3").display(),
        flags.region,
    );
    let mut stdout = std::io::stdout().lock();
    let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
}

/// Resolves on SIGINT or SIGTERM.
async fn stop_signal() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => tokio::select! { _ = interrupt => (), _ = terminate.recv() => () },
            Err(_) => drop(interrupt.await),
        }
    }
    #[cfg(not(unix))]
    drop(interrupt.await);
}

/// Asks a running trailcam for its health, for container health checks without other programs.
fn health(listen: SocketAddr) -> ExitCode {
    let ask = || -> std::io::Result<String> {
        let mut connection = TcpStream::connect_timeout(&loopback_of(listen), Duration::from_secs(2))?;
        connection.set_read_timeout(Some(Duration::from_secs(2)))?;
        connection.write_all(b"GET /_trailcam/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        connection.read_to_string(&mut answer)?;
        Ok(answer)
    };
    match ask() {
        Ok(answer) if answer.starts_with("HTTP/1.1 200") => ExitCode::SUCCESS,
        Ok(_) => finish(Err("not healthy".into()), 1),
        Err(error) => finish(Err(format!("no answer from {listen}: {error}")), 1),
    }
}

/// A server that listens on every address is asked on the loopback one.
fn loopback_of(mut listen: SocketAddr) -> SocketAddr {
    if listen.ip().is_unspecified() {
        listen.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
    }
    listen
}
