//! Carries out the plan: each fault begins at its time, lasts, and is taken back.

use crate::log::Log;
use crate::network::Network;
use crate::plan::{Deed, Fault};
use crate::programs::Programs;
use crate::record::{Part, What, Who};
use anyhow::Result;
use proxy::Mode;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;

/// How long a message may take to come to a fail point.
const FAIL_POINT: Duration = Duration::from_secs(2);

/// What faults are done to.
#[derive(Clone)]
pub(crate) struct Victims {
    pub(crate) programs: Programs,
    pub(crate) network: Arc<Network>,
    /// Who is to be killed, and for how long.
    pub(crate) clients: mpsc::UnboundedSender<(Who, Duration)>,
    pub(crate) log: Log,
}

/// From the first fault to the end of the last.
pub(crate) async fn carry_out(plan: Vec<Fault>, victims: &Victims) -> Result<()> {
    let begin = victims.log.now();
    let at_once = Arc::new(Semaphore::new(2));
    let mut running = JoinSet::new();
    for (number, fault) in plan.into_iter().enumerate() {
        let wait = begin + fault.at - victims.log.now();
        tokio::time::sleep(Duration::from_millis(wait.max(0) as u64)).await;
        // One that takes longer than planned (a start, a fail point) makes the next wait.
        let permit = at_once.clone().acquire_owned().await?;
        let victims = victims.clone();
        running.spawn(async move {
            let done = victims.suffer(number, &fault).await;
            drop(permit);
            done
        });
        while let Some(done) = running.try_join_next() {
            done??;
        }
    }
    while let Some(done) = running.join_next().await {
        done??;
    }
    Ok(())
}

impl Victims {
    async fn suffer(&self, number: usize, fault: &Fault) -> Result<()> {
        let lasts = Duration::from_millis(fault.lasts as u64);
        let say = |on| {
            self.log.say(What::Fault {
                number,
                kind: fault.kind(),
                part: fault.part,
                on,
            });
        };
        let part = fault.part;
        let _turn = self.programs.turn(part).await;
        match (&fault.deed, part) {
            (Deed::Kill, Part::Client(who)) => {
                say(true);
                self.clients.send((who, lasts))?;
                tokio::time::sleep(lasts).await;
            }
            (Deed::Kill, _) => {
                say(true);
                self.programs.kill(part).await;
                tokio::time::sleep(lasts).await;
                self.programs.start(part).await?;
            }
            (Deed::Stop, _) => {
                say(true);
                self.programs.freeze(part, true).await?;
                tokio::time::sleep(lasts).await;
                self.programs.freeze(part, false).await?;
            }
            (Deed::FailPoint(point), _) => {
                if !self.programs.dies_at(point, FAIL_POINT).await? {
                    return Ok(()); // nothing came by: no fault
                }
                say(true);
                tokio::time::sleep(lasts).await;
                self.programs.start(part).await?;
            }
            (Deed::DropConnections, _) => {
                say(true);
                self.programs.drop_connections().await?;
            }
            (Deed::Net { ways, mode }, _) => {
                say(true);
                self.network.set(part, ways, *mode);
                tokio::time::sleep(lasts).await;
                self.network.set(part, ways, Mode::Pass);
            }
        }
        say(false);
        Ok(())
    }
}
