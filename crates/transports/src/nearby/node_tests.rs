use super::super::fellows::Shared;
use super::*;
use crate::bundle::fixture_tests::devices;

fn config(typed: Vec<SocketAddr>, discover: bool) -> NodeConfig {
    NodeConfig {
        port: 0,
        interface: Some("lo".into()),
        discover,
        typed,
        timing: Timing {
            ping: Duration::from_millis(100),
            silence: Duration::from_secs(2),
            answer: Duration::from_secs(20),
        },
        backoff: Backoff { first: Duration::from_millis(50), longest: Duration::from_millis(500) },
    }
}

struct Running {
    host: Arc<Shared>,
    node: Option<Node>,
}

impl Running {
    fn start(host: Arc<Shared>, typed: Vec<SocketAddr>, discover: bool) -> Self {
        let node = Node::start(config(typed, discover), host.identity(), host.clone()).unwrap();
        Self { host, node: Some(node) }
    }

    fn address(&self) -> SocketAddr {
        self.node.as_ref().unwrap().addresses()[0]
    }

    fn add(&self, title: &str) -> holdfast_model::EntityId {
        let id = self.host.add(title);
        self.node.as_ref().unwrap().changed();
        id
    }

    fn until(&self, what: impl Fn(&Shared) -> bool) {
        while !what(&self.host) {
            // What came to the host is passed on, as the app does.
            if let Some(node) = &self.node {
                node.changed();
            }
            std::thread::park_timeout(Duration::from_millis(20));
        }
    }

    fn has(&self, id: holdfast_model::EntityId) {
        self.until(|host| host.with(|device| device.has(id)));
    }
}

#[test]
fn devices_find_each_other_exchange_and_come_back_after_one_was_gone() {
    let [laptop, phone, _] = devices(["laptop", "phone", "tablet"]).map(Shared::new);
    let laptop = Running::start(laptop, Vec::new(), true);
    let mut phone = Running::start(phone, Vec::new(), true);
    let oak = laptop.add("oak");
    phone.has(oak);
    laptop.until(|host| host.connected() == 1);
    phone.until(|host| host.connected() == 1);
    // It ends in due form, and comes back.
    phone.node = None;
    laptop.until(|host| host.connected() == 0);
    let elm = laptop.add("elm");
    let phone = Running::start(phone.host.clone(), Vec::new(), true);
    phone.has(elm);
    let ash = phone.add("ash");
    laptop.has(ash);
}

#[test]
fn a_typed_address_serves_where_nothing_is_announced_and_there_is_one_connection() {
    let [laptop, phone] = devices(["laptop", "phone"]).map(Shared::new);
    let laptop = Running::start(laptop, Vec::new(), false);
    let phone = Running::start(phone, vec![laptop.address()], false);
    let oak = laptop.add("oak");
    phone.has(oak);
    // Both know the other's address and dial: one connection stays.
    laptop.node.as_ref().unwrap().typed(vec![phone.address()]);
    for round in 0..10 {
        let there = phone.add(&format!("phone {round}"));
        laptop.has(there);
        assert!(laptop.host.connected() <= 1 && phone.host.connected() <= 1);
    }
}

#[test]
fn a_stranger_gets_nothing_and_the_others_go_on() {
    let [laptop, phone] = devices(["laptop", "phone"]).map(Shared::new);
    let [_, _, _, stranger] = devices(["a", "b", "c", "stranger"]).map(Shared::new);
    let laptop = Running::start(laptop, Vec::new(), false);
    let _stranger = Running::start(stranger.clone(), vec![laptop.address()], false);
    let phone = Running::start(phone, vec![laptop.address()], false);
    let oak = laptop.add("oak");
    phone.has(oak);
    assert!(!stranger.with(|device| device.has(oak)));
    assert_eq!(stranger.connected(), 0);
}
