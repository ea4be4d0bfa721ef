//! Everything that comes from a network: messages of a connection, the hello, announcements, the
//! certificate of whoever connects.

use crate::{Target, world};
use holdfast_oplog::{Hash, LogId, Range, VersionVector};
use holdfast_sync::Session;
use holdfast_transports::nearby::{Hello, parse_txt, read_key};
use holdfast_transports::peer::{Answer, Answering, Ask, Message, news};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

pub(crate) const TARGET: Target = Target { name: "nearby", run, seeds, mutations: 20_000 };

fn seeds() -> Vec<Vec<u8>> {
    let mut world = world::used(3, 20);
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let laptop = &mut world.laptop;
    let held = laptop.store.read(|tx| tx.held()).expect("a readable database");
    let log = held.iter().next().map(|(log, _)| log).expect("a log");
    let mut session = Session {
        store: &mut laptop.store,
        keys: &laptop.keys,
        keyring: &laptop.keyring,
        actor: laptop.actor,
        wall_ms: 1_795_000_000_000,
        rng: &mut rng,
    };
    let me = session.keys.device_id();
    let told = news(&mut session, me).expect("news");
    let mut answering = Answering::new(std::env::temp_dir());
    let batch = answering.answer(&mut session, Ask::Batch(first(log)));
    let messages = [
        Message::News(told),
        Message::Ask { number: 1, ask: Ask::Batch(first(log)) },
        Message::Ask { number: 2, ask: Ask::Snapshot(held) },
        Message::Ask { number: 4, ask: Ask::Words },
        Message::Answer { number: 4, answer: Answer::Words(vec![vec![7; 90].into()]) },
        Message::Ask { number: 3, ask: Ask::Piece { content: Hash::ZERO, number: 0 } },
        Message::Answer { number: 1, answer: batch },
        Message::Answer { number: 2, answer: Answer::Snapshot(3) },
        Message::Ping,
        Message::Bye { code: "gone".into(), text: "the app was closed".into() },
    ];
    let mut seeds: Vec<Vec<u8>> =
        messages.iter().map(|message| message.encode().expect("bytes")).collect();
    // An announcement as it stands in the record: a length and `key=value` each.
    let entries: [&[u8]; 3] =
        [b"v=1", b"n=0123456789abcdef0123", b"t=00112233445566778899aabbccddeeff"];
    seeds.push(entries.iter().flat_map(|entry| [&[entry.len() as u8], *entry].concat()).collect());
    seeds
}

const fn first(log: LogId) -> Range {
    Range { log, first: 1, last: 1 }
}

fn run(data: &[u8]) {
    if let Ok(message) = Message::decode(data) {
        let bytes = message.encode().expect("what was read can be written");
        assert_eq!(Message::decode(&bytes).expect("what was written can be read"), message);
        if let Message::News(news) = message {
            // Whatever it says of itself, nothing is missing twice.
            assert!(news.offers.missing_in(&news.offers).is_empty());
            assert!(VersionVector::new().missing_in(&news.base).is_empty());
        }
    }
    // None of these may panic, whatever they are given.
    let _ = Hello::decode(data);
    let _ = parse_txt(data);
    let _ = read_key(data);
}
