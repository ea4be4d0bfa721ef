use super::super::{Expected, Identity, accept, connect_over};
use super::*;
use crate::nearby::Admission;
use holdfast_oplog::ActorId;
use holdfast_vault::membership::found;

struct Side {
    keys: DeviceKeys,
    identity: Identity,
}

fn side() -> Side {
    let keys = DeviceKeys::generate(&mut OsRng);
    let identity = Identity::new(&keys).unwrap();
    Side { keys, identity }
}

async fn linked(one: &Side, two: &Side) -> (Link, Link) {
    let (here, there) = tokio::io::duplex(64 * 1024);
    let (one, two) = tokio::join!(
        connect_over(here, &one.identity, Expected::Anyone),
        accept(there, &two.identity, &|_| Admission::Stranger)
    );
    (one.unwrap(), two.unwrap())
}

fn about(name: &str, vault: Option<VaultId>) -> About {
    About {
        name: name.into(),
        platform: "linux".into(),
        vault,
        device: None,
        tasks: 2,
        notes: 1,
        lists: vec!["Groceries".into()],
    }
}

fn who(name: &str) -> Introduction<'_> {
    Introduction { name, platform: "linux", actor: ActorId([9; 16]), time: 5 }
}

fn vault_of(side: &Side) -> (VaultId, Vec<u8>, Keyring) {
    let (vault, record) = found(&side.keys, who("Laptop"), &mut OsRng).unwrap();
    (vault, record, Keyring::generate(vault, &mut OsRng))
}

#[tokio::test]
async fn with_the_code_a_new_device_gets_the_vaults_keys_and_is_a_member_on_both() {
    let (laptop, phone) = (side(), side());
    let (vault, record, keyring) = vault_of(&laptop);
    let offers = Mutex::new(Offers::new());
    let offer = offers.lock().unwrap().show(0, &mut OsRng).unwrap();
    let (to_laptop, at_laptop) = linked(&phone, &laptop).await;
    let accepts = async {
        let code = PairingCode::parse(&offer.code.to_string()).unwrap();
        let mut meeting = accepting(to_laptop, phone.identity.key(), &code).await?;
        let words = meeting.words();
        let other = meeting.introduce(about("Phone", None)).await?;
        assert_eq!((other.name.as_str(), other.vault), ("Laptop", Some(vault)));
        let entry = meeting.enter(&phone.keys, who("Phone")).await?;
        Ok::<_, MeetingError>((words, entry))
    };
    let offers_it = async {
        let mut meeting =
            offering(at_laptop, laptop.identity.key(), "Laptop", &offers, || 1).await?;
        let words = meeting.words();
        let other = meeting.introduce(about("Laptop", Some(vault))).await?;
        let (keys, keyring) = (&laptop.keys, &keyring);
        let host = Host { vault, keys, keyring, records: vec![record.clone()], now_ms: 3 };
        let let_in = meeting.let_in::<MeetingError>(host, &other, |_| Ok(())).await?;
        Ok::<_, MeetingError>((words, let_in))
    };
    let (accepted, offered) = tokio::join!(accepts, offers_it);
    let ((words, entry), (same, let_in)) = (accepted.unwrap(), offered.unwrap());
    assert_eq!(words, same);
    assert_eq!(entry.keyring, keyring);
    assert_eq!(let_in.device, phone.keys.device_id());
    let members = Membership::from_records(vault, &entry.records);
    assert_eq!(members.active().count(), 2);
    // The code is used up.
    assert!(offers.lock().unwrap().good_for_ms(2).is_none());
}

#[tokio::test]
async fn a_wrong_code_pairs_nothing_says_so_on_both_sides_and_is_burned() {
    let (laptop, phone) = (side(), side());
    let offers = Mutex::new(Offers::new());
    let offer = offers.lock().unwrap().show(0, &mut OsRng).unwrap();
    let right = offer.code.to_string().replace(' ', "");
    let wrong = format!("{:08}", (right.parse::<u32>().unwrap() + 1) % 100_000_000);
    let (to_laptop, at_laptop) = linked(&phone, &laptop).await;
    let code = PairingCode::parse(&wrong).unwrap();
    let (accepted, offered) = tokio::join!(
        accepting(to_laptop, phone.identity.key(), &code),
        offering(at_laptop, laptop.identity.key(), "Laptop", &offers, || 1)
    );
    assert_eq!(offered.unwrap_err().code(), "pairing_wrong_code");
    let told = accepted.unwrap_err();
    assert_eq!(told.code(), "pairing_wrong_code", "{told}");
    // The right one is worth nothing any more.
    let (to_laptop, at_laptop) = linked(&phone, &laptop).await;
    let code = PairingCode::parse(&right).unwrap();
    let (accepted, offered) = tokio::join!(
        accepting(to_laptop, phone.identity.key(), &code),
        offering(at_laptop, laptop.identity.key(), "Laptop", &offers, || 2)
    );
    assert!(accepted.is_err() && offered.is_err());
}

#[tokio::test]
async fn a_device_says_its_name_only_while_it_shows_a_code_and_asking_costs_nothing() {
    let (laptop, phone) = (side(), side());
    let offers = Mutex::new(Offers::new());
    for shows in [false, true, true] {
        if shows && offers.lock().unwrap().good_for_ms(0).is_none() {
            offers.lock().unwrap().show(0, &mut OsRng).unwrap();
        }
        let (mut to_laptop, at_laptop) = linked(&phone, &laptop).await;
        let asks = async {
            let name = name_of(&mut to_laptop).await;
            drop(to_laptop);
            name
        };
        let own = laptop.identity.key();
        let answers = offering(at_laptop, own, "Laptop", &offers, || 1);
        let (asked, answered) = tokio::join!(asks, answers);
        assert_eq!(answered.unwrap_err().code(), "pairing_no_code");
        match asked {
            Ok(name) => assert!(shows && name == "Laptop"),
            Err(error) => assert!(!shows && error.code() == "pairing_no_code", "{error}"),
        }
    }
    assert!(offers.lock().unwrap().good_for_ms(2).is_some(), "the code is as good as before");
}

#[tokio::test]
async fn a_person_who_says_no_pairs_nothing() {
    let (laptop, phone) = (side(), side());
    let (vault, record, keyring) = vault_of(&laptop);
    let offers = Mutex::new(Offers::new());
    let offer = offers.lock().unwrap().show(0, &mut OsRng).unwrap();
    let (to_laptop, at_laptop) = linked(&phone, &laptop).await;
    let accepts = async {
        let mut meeting = accepting(to_laptop, phone.identity.key(), &offer.code).await.unwrap();
        meeting.introduce(about("Phone", None)).await.unwrap();
        meeting.fail("pairing_cancelled", "Phone declined.").await;
    };
    let offers_it = async {
        let mut meeting =
            offering(at_laptop, laptop.identity.key(), "Laptop", &offers, || 1).await.unwrap();
        let other = meeting.introduce(about("Laptop", Some(vault))).await.unwrap();
        let (keys, keyring) = (&laptop.keys, &keyring);
        let host = Host { vault, keys, keyring, records: vec![record], now_ms: 3 };
        meeting.let_in::<MeetingError>(host, &other, |_| panic!("nobody was let in")).await
    };
    let ((), offered) = tokio::join!(accepts, offers_it);
    assert_eq!(offered.unwrap_err().code(), "pairing_cancelled");
}

#[test]
fn what_a_device_says_of_itself_is_cleaned_before_anyone_sees_it() {
    let rude = About {
        name: format!("Lap\u{1b}[2J{}", "x".repeat(500)),
        lists: vec!["a\nb".into(); 5_000],
        ..about("", None)
    };
    let cleaned = rude.cleaned();
    assert_eq!(cleaned.name.chars().count(), 64);
    assert!(!cleaned.name.contains('\u{1b}'));
    assert_eq!((cleaned.lists.len(), cleaned.lists[0].as_str()), (1_000, "ab"));
}
