//! The registry against a plain model: random registrations, renewals, groups, sets and ended leases.

use super::{Addressed, Parsed, Registry};
use crate::config::Config;
use crate::secret::digest;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use shared_protocol::envelope::ConnectRefusal;
use shared_protocol::internal::GroupChange;
use shared_protocol::{Group, RelayId};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

const IDS: u8 = 6;
const GROUPS: u8 = 4;

fn id(number: u8) -> RelayId {
    RelayId::new([number; 16])
}

fn group(number: u8) -> Group {
    Group::new([100 + number; 16])
}

fn origin(number: u8) -> String {
    format!("http://origin-{}.example.org", number % 3)
}

fn parsed(number: u8, groups: &BTreeSet<u8>, lease: u64) -> Parsed {
    Parsed {
        subject: "s".to_owned(),
        token: digest("t"),
        groups: groups.iter().map(|number| group(*number)).collect(),
        lease: Duration::from_secs(lease),
        origins: vec![origin(number)],
        hello: String::new(),
    }
}

/// What should be so: groups and the end of the lease by relay ID; `None`: ended and remembered.
#[derive(Default)]
struct Model {
    ids: BTreeMap<u8, (BTreeSet<u8>, Option<Instant>)>,
}

impl Model {
    fn live(&self, number: u8) -> Option<&BTreeSet<u8>> {
        self.ids
            .get(&number)
            .filter(|(_, ends)| ends.is_some())
            .map(|(groups, _)| groups)
    }

    fn check(&self, registry: &Registry, now: Instant) {
        for number in 0..IDS {
            let want = match self.ids.get(&number) {
                None => Some(ConnectRefusal::Unregistered),
                Some((_, None)) => Some(ConnectRefusal::Expired),
                Some((_, Some(_))) => None,
            };
            let page = origin(number);
            assert_eq!(
                registry.admit(id(number).as_str(), "t", Some(&page), now).err(),
                want
            );
            self.check_addresses(registry, number);
        }
        for number in 0..3 {
            let wanted = (0..IDS).any(|other| other % 3 == number && self.live(other).is_some());
            assert_eq!(registry.knows_origin(&origin(number)), wanted);
        }
    }

    fn check_addresses(&self, registry: &Registry, sender: u8) {
        let none = BTreeSet::new();
        let own = self.live(sender).unwrap_or(&none);
        for number in 0..GROUPS {
            let members =
                (0..IDS).filter(|other| self.live(*other).is_some_and(|groups| groups.contains(&number)));
            let want = match own.contains(&number) {
                true => Addressed::Group(members.count()),
                false => Addressed::Nobody,
            };
            assert_eq!(registry.address(&id(sender), group(number).as_str()), want);
        }
        for other in (0..IDS).filter(|other| *other != sender) {
            let shared = self.live(other).is_some_and(|groups| !groups.is_disjoint(own));
            let want = if shared {
                Addressed::Neighbour
            } else {
                Addressed::Nobody
            };
            assert_eq!(registry.address(&id(sender), id(other).as_str()), want);
        }
    }
}

fn some_groups(chance: &mut StdRng) -> BTreeSet<u8> {
    (0..GROUPS).filter(|_| chance.random_bool(0.4)).collect()
}

/// One random step on both.
fn step(
    chance: &mut StdRng,
    registry: &Registry,
    model: &mut Model,
    now: &mut Instant,
    generation: &mut u64,
) {
    let number = chance.random_range(0..IDS);
    match chance.random_range(0..6) {
        0 | 1 => {
            let (groups, lease) = (some_groups(chance), chance.random_range(10..40));
            assert!(
                registry
                    .put(id(number), parsed(number, &groups, lease), *now)
                    .is_none()
            );
            model
                .ids
                .insert(number, (groups, Some(*now + Duration::from_secs(lease))));
        }
        2 => {
            registry.remove(&id(number));
            model.ids.remove(&number);
        }
        3 => {
            let (changed, enters) = (chance.random_range(0..GROUPS), chance.random_bool(0.5));
            let (add, remove) = if enters {
                (vec![id(number)], vec![])
            } else {
                (vec![], vec![id(number)])
            };
            registry.change_groups(&[GroupChange {
                group: group(changed),
                add,
                remove,
            }]);
            if let Some((groups, Some(_))) = model.ids.get_mut(&number) {
                if enters {
                    groups.insert(changed)
                } else {
                    groups.remove(&changed)
                };
            }
        }
        4 => {
            *now += Duration::from_secs(chance.random_range(1..20));
            registry.end_leases(*now);
            for (groups, ends) in model
                .ids
                .values_mut()
                .filter(|(_, ends)| ends.is_some_and(|ends| ends <= *now))
            {
                (*groups, *ends) = (BTreeSet::new(), None);
            }
        }
        _ => send_set(chance, registry, model, *now, generation),
    }
}

/// A whole set in two chunks, with a single registration in between.
fn send_set(chance: &mut StdRng, registry: &Registry, model: &mut Model, now: Instant, generation: &mut u64) {
    *generation += 1;
    let named: BTreeSet<u8> = (0..IDS).filter(|_| chance.random_bool(0.5)).collect();
    let single = [0, 1, 2, 3, 4, 5].choose(chance).copied().unwrap_or(0);
    let ends = now + Duration::from_secs(30);
    for (chunk, last) in [(0, false), (1, true)] {
        let numbers: Vec<u8> = named
            .iter()
            .copied()
            .filter(|number| u32::from(number % 2) == chunk)
            .collect();
        let mut items = Vec::new();
        for number in numbers {
            let groups = some_groups(chance);
            items.push((id(number), parsed(number, &groups, 30)));
            model.ids.insert(number, (groups, Some(ends)));
        }
        assert!(
            registry
                .put_chunk((*generation, chunk, last), 0, items, now)
                .is_ok()
        );
        if !last {
            let groups = some_groups(chance);
            registry.put(id(single), parsed(single, &groups, 30), now);
            model.ids.insert(single, (groups, Some(ends)));
        }
    }
    // What has ended is remembered whether the set names it or not.
    model
        .ids
        .retain(|number, (_, ends)| named.contains(number) || *number == single || ends.is_none());
}

#[test]
fn ru14_ru16_the_registry_does_what_the_model_does() {
    for seed in 0..300 {
        let mut chance = StdRng::seed_from_u64(seed);
        let mut now = Instant::now();
        let mut config = Config::default();
        config.times.starting_ms = 0;
        let registry = Registry::new(&config, now);
        let (mut model, mut generation) = (Model::default(), 0);
        for _ in 0..60 {
            step(&mut chance, &registry, &mut model, &mut now, &mut generation);
            model.check(&registry, now);
        }
    }
}
