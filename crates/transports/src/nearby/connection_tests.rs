use super::*;
use crate::bundle::fixture_tests::devices;
use crate::nearby::fellows::Shared;
use tokio::io::DuplexStream;

const QUICK: Timing = Timing {
    ping: Duration::from_millis(20),
    silence: Duration::from_millis(500),
    answer: Duration::from_secs(20),
};

fn framed(stream: DuplexStream) -> (FrameReader, FrameWriter) {
    let (reader, writer) = tokio::io::split(stream);
    let (mut reader, mut writer) = (FrameReader::new(reader), FrameWriter::new(writer));
    reader.lift_limit();
    writer.lift_limit();
    (reader, writer)
}

/// Connects two devices; completes with what ended the connection on both sides.
async fn connect(one: &Arc<Shared>, two: &Arc<Shared>) -> (PeerError, PeerError) {
    let (here, there) = tokio::io::duplex(64 * 1024);
    let ids = [one.with(|device| device.id()), two.with(|device| device.id())];
    let side = |stream, host: &Arc<Shared>, other| {
        let (reader, writer) = framed(stream);
        let changed = host.changed.subscribe();
        run(reader, writer, other, host.clone(), changed, QUICK, std::future::pending())
    };
    tokio::join!(side(here, one, ids[1]), side(there, two, ids[0]))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn edits_travel_both_ways_while_connected_and_through_a_third_device() {
    let [laptop, phone, tablet] = devices(["laptop", "phone", "tablet"]).map(Shared::new);
    let before = laptop.add("before");
    let connections = [(laptop.clone(), phone.clone()), (phone.clone(), tablet.clone())];
    for (one, two) in connections {
        tokio::spawn(async move { connect(&one, &two).await });
    }
    // The tablet and the laptop have no connection: the phone passes it on.
    tablet.waits_for(before).await;
    for round in 0..5 {
        let there = tablet.add(&format!("tablet {round}"));
        let here = laptop.add(&format!("laptop {round}"));
        laptop.waits_for(there).await;
        tablet.waits_for(here).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn silence_ends_a_connection_and_so_do_messages_that_are_none() {
    let [laptop, phone] = devices(["laptop", "phone"]).map(Shared::new);
    let id = phone.with(|device| device.id());
    // Nobody is at the other end: the stream is open and says nothing.
    let (here, _there) = tokio::io::duplex(64 * 1024);
    let (reader, writer) = framed(here);
    let changed = laptop.changed.subscribe();
    let ended =
        run(reader, writer, id, laptop.clone(), changed, QUICK, std::future::pending()).await;
    assert!(matches!(ended, PeerError::Gone), "{ended}");
    for bytes in [&[0, 0, 0, 3, 1, 2, 3][..], &[255, 255, 255, 255], &[0, 0, 0, 1, 0xc1]] {
        let (here, mut there) = tokio::io::duplex(64 * 1024);
        tokio::io::AsyncWriteExt::write_all(&mut there, bytes).await.unwrap();
        let (reader, writer) = framed(here);
        let changed = laptop.changed.subscribe();
        run(reader, writer, id, laptop.clone(), changed, QUICK, std::future::pending()).await;
    }
    // The device itself is as it was.
    let oak = laptop.add("oak");
    let (one, two) = (laptop.clone(), phone.clone());
    tokio::spawn(async move { connect(&one, &two).await });
    phone.waits_for(oak).await;
}

/// A thread that waits for an answer holds what others need: it must not wait for one that cannot come.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waits_for_an_answer_is_told_when_the_connection_ends() {
    let waiting = Arc::new(Waiting::default());
    let (out, mut sent) = mpsc::channel(1);
    let patience = Duration::from_secs(3_600);
    let mut asking =
        Asking { out, waiting: waiting.clone(), runtime: Handle::current(), patience, asked: None };
    let asked = tokio::task::spawn_blocking(move || asking.ask(Ask::SnapshotPiece(0)));
    sent.recv().await.unwrap();
    drop(Ending(waiting));
    assert!(matches!(asked.await.unwrap(), Err(PeerError::Gone)));
}
