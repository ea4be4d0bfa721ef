//! Pairing over links: what binds it comes from the connection itself.

use super::sides::*;
use super::*;
use holdfast_vault::pairing::{
    Accepting, Binding, Offers, Paired, PairingCode, PairingError, Role, open_handover,
    seal_handover,
};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

/// The laptop connects and shows the code; it is typed on the phone.
fn binding(link: &Link, own: &Identity, role: Role) -> Binding {
    let (offering, accepting) = match role {
        Role::Offering => (*own.key(), link.peer_key),
        Role::Accepting => (link.peer_key, *own.key()),
    };
    Binding { channel: link.exporter, offering, accepting, protocol: link.protocol }
}

async fn offers(link: &mut Link, own: &Identity, offers: &mut Offers) -> Result<Paired, String> {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let binding = binding(link, own, Role::Offering);
    let element = link.reader.next(PATIENCE).await.unwrap().ok_or("gone")?;
    let (attempt, answer) =
        offers.begin(1, &binding, &element, &mut rng).map_err(|error| error.to_string())?;
    link.writer.send(answer.to_vec().into(), PATIENCE).await.unwrap();
    let said = link.reader.next(PATIENCE).await.unwrap().ok_or("gone")?;
    let (paired, answer) = offers.confirm(2, attempt, &said).map_err(|error| error.to_string())?;
    link.writer.send(answer.to_vec().into(), PATIENCE).await.unwrap();
    Ok(paired)
}

async fn accepts(link: &mut Link, own: &Identity, typed: &PairingCode) -> Result<Paired, String> {
    let mut rng = ChaCha20Rng::seed_from_u64(2);
    let binding = binding(link, own, Role::Accepting);
    let (phone, element) = Accepting::new(typed, &binding, &mut rng).unwrap();
    link.writer.send(element.to_vec().into(), PATIENCE).await.unwrap();
    let answer = link.reader.next(PATIENCE).await.unwrap().ok_or("gone")?;
    let (phone, said) = phone.take_element(&answer).map_err(|error| error.to_string())?;
    link.writer.send(said.to_vec().into(), PATIENCE).await.unwrap();
    let answer = link.reader.next(PATIENCE).await.map_err(|error| error.to_string())?;
    phone.take_confirmation(&answer.ok_or("gone")?).map_err(|error| error.to_string())
}

#[tokio::test]
async fn two_devices_pair_over_their_link_and_hand_over_a_secret() {
    let (laptop, phone) = (laptop(), phone());
    let (there, here) = meet(&laptop, &phone, Expected::Anyone, Admission::Stranger).await;
    let (mut there, mut here) = (there.unwrap(), here.unwrap());
    let mut book = Offers::new();
    let mut rng = ChaCha20Rng::seed_from_u64(3);
    let code = book.show(0, &mut rng).unwrap().code;
    let (one, two) =
        tokio::join!(offers(&mut there, &laptop, &mut book), accepts(&mut here, &phone, &code));
    let (one, two) = (one.unwrap(), two.unwrap());
    assert_eq!(one.words, two.words);
    there.writer.lift_limit();
    here.reader.lift_limit();
    let keys = vec![5; 100_000];
    let sealed = seal_handover(&one.secret, Role::Offering, &keys, &mut rng).unwrap();
    let (sent, read) =
        tokio::join!(there.writer.send(sealed.into(), PATIENCE), here.reader.next(PATIENCE));
    sent.unwrap();
    let opened = open_handover(&two.secret, Role::Offering, &read.unwrap().unwrap()).unwrap();
    assert_eq!(*opened, keys);
}

#[tokio::test]
async fn a_third_device_that_passes_everything_on_pairs_with_nobody() {
    let (laptop, phone, middle) = (laptop(), phone(), device(3));
    let (there, to_laptop) = meet(&laptop, &middle, Expected::Anyone, Admission::Stranger).await;
    let (to_phone, here) = meet(&middle, &phone, Expected::Anyone, Admission::Stranger).await;
    let (mut there, mut here) = (there.unwrap(), here.unwrap());
    let (to_laptop, to_phone) = (to_laptop.unwrap(), to_phone.unwrap());
    let pass = |mut from: FrameReader, mut to: FrameWriter| async move {
        while let Ok(Some(frame)) = from.next(PATIENCE).await {
            if to.send(frame, PATIENCE).await.is_err() {
                return;
            }
        }
        let _ = to.close(PATIENCE).await;
    };
    tokio::spawn(pass(to_laptop.reader, to_phone.writer));
    tokio::spawn(pass(to_phone.reader, to_laptop.writer));
    let mut book = Offers::new();
    let code = book.show(0, &mut ChaCha20Rng::seed_from_u64(3)).unwrap().code;
    let one = async {
        let ended = offers(&mut there, &laptop, &mut book).await;
        drop(there);
        ended
    };
    let (one, two) = tokio::join!(one, accepts(&mut here, &phone, &code));
    assert_eq!(one.unwrap_err(), PairingError::WrongCode.to_string());
    assert!(two.is_err());
    assert_eq!(book.good_for_ms(3), None, "the code is burned");
}
