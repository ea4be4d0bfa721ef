use super::super::{Expected, Identity, accept, connect_over};
use super::*;
use crate::nearby::Admission;
use holdfast_oplog::ActorId;
use holdfast_vault::membership::found;

/// Nobody ends it from here.
fn never() -> impl Future<Output = MeetingError> {
    std::future::pending()
}

fn shows(codes: &Codes) -> PairingCode {
    codes.show(1, "Laptop").unwrap().code
}

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
    let codes = Codes::new();
    let shown = shows(&codes);
    let (to_laptop, at_laptop) = linked(&phone, &laptop).await;
    let accepts = async {
        let code = PairingCode::parse(&shown.to_string()).unwrap();
        let mut meeting = accepting(to_laptop, phone.identity.key(), &code).await?;
        let words = meeting.words();
        let other = meeting.introduce(about("Phone", None)).await?;
        assert_eq!((other.name.as_str(), other.vault), ("Laptop", Some(vault)));
        let entry = meeting.enter(&phone.keys, who("Phone")).await?;
        Ok::<_, MeetingError>((words, entry))
    };
    let offers_it = async {
        let mut meeting = offering(at_laptop, laptop.identity.key(), &codes, || {}, never())
            .await
            .map_err(|it| it.error)?;
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
    assert_eq!(codes.why_not(), Some(PairingError::Burned));
}

#[tokio::test]
async fn a_wrong_code_pairs_nothing_says_so_on_both_sides_and_is_burned() {
    let (laptop, phone) = (side(), side());
    let codes = Codes::new();
    let shown = shows(&codes);
    let right = shown.to_string().replace(' ', "");
    let wrong = format!("{:08}", (right.parse::<u32>().unwrap() + 1) % 100_000_000);
    let (to_laptop, at_laptop) = linked(&phone, &laptop).await;
    let code = PairingCode::parse(&wrong).unwrap();
    let (accepted, offered) = tokio::join!(
        accepting(to_laptop, phone.identity.key(), &code),
        offering(at_laptop, laptop.identity.key(), &codes, || {}, never())
    );
    let offered = offered.unwrap_err();
    assert_eq!((offered.error.code(), offered.burned), ("pairing_wrong_code", Some(1)));
    let told = accepted.unwrap_err();
    assert_eq!(told.code(), "pairing_wrong_code", "{told}");
    // The right one is worth nothing any more.
    let (to_laptop, at_laptop) = linked(&phone, &laptop).await;
    let code = PairingCode::parse(&right).unwrap();
    let (accepted, offered) = tokio::join!(
        accepting(to_laptop, phone.identity.key(), &code),
        offering(at_laptop, laptop.identity.key(), &codes, || {}, never())
    );
    assert!(accepted.is_err() && offered.is_err());
}

#[tokio::test]
async fn a_device_says_its_name_only_while_it_shows_a_code_and_asking_costs_nothing() {
    let (laptop, phone) = (side(), side());
    let codes = Codes::new();
    for is_shown in [false, true, true] {
        if is_shown && codes.why_not().is_some() {
            shows(&codes);
        }
        let (mut to_laptop, at_laptop) = linked(&phone, &laptop).await;
        let asks = async {
            let name = name_of(&mut to_laptop).await;
            drop(to_laptop);
            name
        };
        let own = laptop.identity.key();
        let answers = offering(at_laptop, own, &codes, || panic!("no element came"), never());
        let (asked, answered) = tokio::join!(asks, answers);
        let answered = answered.unwrap_err();
        assert_eq!((answered.error.code(), answered.burned), ("pairing_no_code", None));
        match asked {
            Ok(name) => assert!(is_shown && name == "Laptop"),
            Err(error) => assert!(!is_shown && error.code() == "pairing_no_code", "{error}"),
        }
    }
    assert_eq!(codes.why_not(), None, "the code is as good as before");
}

#[tokio::test]
async fn who_stops_between_the_messages_uses_no_code_up_and_one_that_is_used_up_is_told() {
    let (laptop, phone) = (side(), side());
    let codes = Codes::new();
    let shown = shows(&codes);
    // After nothing, and after its element: it waits for ever, and this side does not.
    for begins in [false, true] {
        let (mut to_laptop, at_laptop) = linked(&phone, &laptop).await;
        let mut begun = false;
        let waits = async {
            if begins {
                let binding = Binding {
                    channel: to_laptop.exporter,
                    offering: to_laptop.peer_key,
                    accepting: *phone.identity.key(),
                    protocol: 1,
                };
                let (_, element) = Accepting::new(&shown, &binding, &mut OsRng).unwrap();
                say(&mut to_laptop, &Open::Element(element.to_vec().into())).await.unwrap();
                assert!(matches!(hear(&mut to_laptop).await.unwrap(), Open::Element(_)));
            }
            hear(&mut to_laptop).await.map(drop).unwrap_err()
        };
        let ended = async {
            tokio::time::sleep(Duration::from_millis(200)).await;
            MeetingError::Busy
        };
        let own = laptop.identity.key();
        let (told, answered) =
            tokio::join!(waits, offering(at_laptop, own, &codes, || begun = true, ended));
        assert_eq!(begun, begins);
        assert_eq!(answered.unwrap_err().burned, None);
        assert_eq!(told.code(), "pairing_busy", "{told}");
        assert_eq!(codes.why_not(), None);
    }
    // Gone right after a wrong guess: nobody hears the answer, and the code's end is told all the same.
    let (mut to_laptop, at_laptop) = linked(&phone, &laptop).await;
    let guesses = async {
        let binding = Binding {
            channel: to_laptop.exporter,
            offering: to_laptop.peer_key,
            accepting: *phone.identity.key(),
            protocol: 1,
        };
        let (_, element) = Accepting::new(&shown, &binding, &mut OsRng).unwrap();
        say(&mut to_laptop, &Open::Element(element.to_vec().into())).await.unwrap();
        hear(&mut to_laptop).await.unwrap();
        say(&mut to_laptop, &Open::Confirmation(vec![0; 32].into())).await.unwrap();
        drop(to_laptop);
    };
    let own = laptop.identity.key();
    let ((), guessed) = tokio::join!(guesses, offering(at_laptop, own, &codes, || {}, never()));
    assert_eq!(guessed.unwrap_err().burned, Some(1));
    assert_eq!(codes.expired(), None, "it did not expire");
}

#[tokio::test]
async fn a_person_who_says_no_pairs_nothing() {
    let (laptop, phone) = (side(), side());
    let (vault, record, keyring) = vault_of(&laptop);
    let codes = Codes::new();
    let shown = shows(&codes);
    let (to_laptop, at_laptop) = linked(&phone, &laptop).await;
    let accepts = async {
        let mut meeting = accepting(to_laptop, phone.identity.key(), &shown).await.unwrap();
        meeting.introduce(about("Phone", None)).await.unwrap();
        meeting.fail("pairing_cancelled", "Phone declined.").await;
    };
    let offers_it = async {
        let mut meeting =
            offering(at_laptop, laptop.identity.key(), &codes, || {}, never()).await.unwrap();
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
