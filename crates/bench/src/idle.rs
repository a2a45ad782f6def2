//! From start to ready, and the memory of both programs when nobody uses them.

use crate::figures::{in_mib, in_ms};
use anyhow::{Context, Result};
use end_to_end::{Database, Site};
use std::time::{Duration, Instant};

pub(crate) const HEAD: &str = "\
| database | relay answers after | logic server, new database, ready after | logic server, next start | memory of the relay | memory of the logic server |
|---|---|---|---|---|---|";

/// How long both are left alone before their memory is read.
const REST: Duration = Duration::from_secs(5);

/// One row of the table.
pub(crate) async fn measure(name: &str, database: impl Fn() -> Result<Database>) -> Result<String> {
    let mut site = Site::with(database()?)?;
    let start = Instant::now();
    site.start_relay()?;
    site.relay_is_up().await?;
    let relay = start.elapsed();
    let first = until_ready(&mut site).await?;
    site.kill_logic_server();
    let next = until_ready(&mut site).await?;
    tokio::time::sleep(REST).await;
    let memory = |program: &Option<end_to_end::Process>| -> Result<String> {
        Ok(in_mib(program.as_ref().context("it runs")?.memory()?))
    };
    let memories = (memory(&site.relay)?, memory(&site.logic_server)?);
    let times = (in_ms(relay), in_ms(first), in_ms(next));
    Ok(format!(
        "| {name} | {} | {} | {} | {} | {} |",
        times.0, times.1, times.2, memories.0, memories.1
    ))
}

/// Ready, with the relay found.
async fn until_ready(site: &mut Site) -> Result<Duration> {
    let start = Instant::now();
    site.start_logic_server()?;
    site.connected().await?;
    Ok(start.elapsed())
}
