//! A device that paired, and asks the other for everything that there could be, offered or not.

use anyhow::{Context, Result, bail, ensure};
use holdfast_oplog::{ActorId, Hash, LogId, Range, SealedBatch, Space, VersionVector};
use holdfast_tests::opened::{Captured, Reader};
use holdfast_transports::nearby::meeting::{self, About};
use holdfast_transports::nearby::{Expected, Identity, Link, Patience, connect};
use holdfast_transports::peer::{Answer, Ask, Message, News};
use holdfast_vault::membership::Introduction;
use holdfast_vault::pairing::PairingCode;
use holdfast_vault::{DeviceKeys, Membership};
use rand_core::OsRng;
use std::collections::BTreeSet;
use std::time::Duration;

/// How far into each log it asks.
const FAR: u64 = 40;
const PATIENCE: Patience =
    Patience { silence: Duration::from_secs(30), frame: Duration::from_secs(30) };

/// What it was told.
pub(crate) struct Got {
    /// All frames, as they came out of TLS.
    pub(crate) frames: Vec<u8>,
    /// Batches and pieces, opened.
    pub(crate) opened: Captured,
    /// Questions that got nothing.
    pub(crate) refused: usize,
}

struct Talk {
    link: Link,
    frames: Vec<u8>,
    asked: u64,
    batches: Vec<Vec<u8>>,
    refused: usize,
}

impl Talk {
    async fn hear(&mut self) -> Result<Message> {
        loop {
            let frame = self.link.reader.next(PATIENCE).await?.context("it hung up")?;
            self.frames.extend_from_slice(&frame);
            match Message::decode(&frame)? {
                // It asks too; this device answers nothing.
                Message::Ping | Message::Pong | Message::Ask { .. } => {}
                other => return Ok(other),
            }
        }
    }

    async fn ask(&mut self, ask: Ask) -> Result<Answer> {
        self.asked += 1;
        let question = Message::Ask { number: self.asked, ask }.encode()?;
        self.link.writer.send(question.into(), PATIENCE).await?;
        loop {
            match self.hear().await? {
                Message::Answer { number, answer } if number == self.asked => return Ok(answer),
                Message::News(_) => {}
                other => bail!("an answer was expected, not {other:?}"),
            }
        }
    }
}

/// Pairs by an offer, connects, and asks for every change of every space that there could be, for a
/// snapshot, and for contents.
pub(crate) fn asks_for_everything(offer: &serde_json::Value, contents: &[Hash]) -> Result<Got> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let address = offer["address"].as_str().context("an address")?.parse()?;
        let code = PairingCode::parse(offer["code"].as_str().context("a code")?)?;
        let keys = DeviceKeys::generate(&mut OsRng);
        let identity = Identity::new(&keys)?;
        let link = connect(address, &identity, Expected::Anyone).await?;
        let there = link.peer_key;
        let mut meeting = meeting::accepting(link, identity.key(), &code).await?;
        let about = About {
            name: "Observer".into(),
            platform: "linux".into(),
            vault: None,
            tasks: 0,
            notes: 0,
            lists: Vec::new(),
        };
        meeting.introduce(about).await?;
        let actor = ActorId([9; 16]);
        let who = Introduction { name: "Observer", platform: "linux", actor, time: 1 };
        let entry = meeting.enter(&keys, who).await?;
        drop(meeting);
        let members = Membership::from_records(entry.keyring.vault(), &entry.records);
        let link = connect(address, &identity, Expected::Key(there)).await?;
        let mut talk = Talk { link, frames: Vec::new(), asked: 0, batches: Vec::new(), refused: 0 };
        let news = loop {
            if let Message::News(news) = talk.hear().await? {
                break news;
            }
        };
        everything(&mut talk, &news).await?;
        let mut pieces = Vec::new();
        for content in contents {
            match talk.ask(Ask::Piece { content: *content, number: 0 }).await? {
                Answer::Piece(Some(piece)) => pieces.push(piece.into_vec()),
                Answer::Piece(None) | Answer::Failed { .. } => talk.refused += 1,
                other => bail!("a piece was expected, not {other:?}"),
            }
        }
        let reader = Reader { keyring: &entry.keyring, members: &members };
        let opened = reader.said("a connection", &talk.batches, &pieces)?;
        Ok(Got { frames: talk.frames, opened, refused: talk.refused })
    })
}

/// Asks for each part of each log, offered or not.
async fn everything(talk: &mut Talk, news: &News) -> Result<()> {
    let told: BTreeSet<Space> = news.offers.iter().map(|(log, _)| log.space).collect();
    ensure!(!told.contains(&Space::Device), "its news tell of lists that stay");
    let actors: BTreeSet<ActorId> = news.offers.iter().map(|(log, _)| log.actor).collect();
    ensure!(!actors.is_empty(), "it offers nothing");
    for log in Space::ALL
        .into_iter()
        .flat_map(|space| actors.iter().map(move |actor| LogId { space, actor: *actor }))
    {
        let mut came: BTreeSet<u64> = BTreeSet::new();
        for (first, last) in (1..=FAR).flat_map(|last| [(1, last), (last, last)]) {
            match talk.ask(Ask::Batch(Range { log, first, last })).await? {
                Answer::Batch(Some(bytes)) => {
                    let header = SealedBatch::decode(&bytes)?.header()?;
                    ensure!(header.log() == log, "{header:?}");
                    came.extend(header.first..=header.last);
                    talk.batches.push(bytes.into_vec());
                }
                Answer::Batch(None) | Answer::Failed { .. } => talk.refused += 1,
                other => bail!("a batch was expected, not {other:?}"),
            }
        }
        let offered: BTreeSet<u64> = (1..=news.offers.get(log)).collect();
        ensure!(came == offered, "{log:?}: {came:?} came, {offered:?} were offered");
    }
    match talk.ask(Ask::Snapshot(VersionVector::new())).await? {
        // So little goes as it is.
        Answer::Snapshot(0) => Ok(()),
        other => bail!("no snapshot was expected of so little, and not {other:?}"),
    }
}
