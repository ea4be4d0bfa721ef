use super::fixture_tests::{Device, EVERYTHING, NOW, PASSPHRASE, UPDATE, devices};
use super::{BundleError, Joining, join};
use holdfast_oplog::ActorId;
use holdfast_vault::{DeviceKeys, Passphrase};

#[test]
fn a_device_joins_and_both_go_on() {
    let [mut laptop] = devices(["laptop"]);
    laptop.add("oak");
    let content = laptop.attach("picture", b"picture");
    let path = laptop.invite();
    let mut phone = Device::joining(&path, PASSPHRASE, 7).unwrap();
    assert_eq!(phone.dump(), laptop.dump());
    assert!(phone.write(|tx| tx.has_blob(content).unwrap()));
    let known = phone.write(|tx| tx.destination(laptop.id()).unwrap()).unwrap();
    assert_eq!(known.holds.total(), 2);
    phone.add("ash");
    let (answer, exported) = phone.export(UPDATE);
    assert_eq!(exported.changes, 1);
    let preview = laptop.import(&answer).unwrap().preview;
    assert_eq!((preview.adds, preview.from_name.as_str()), (1, "phone"));
    assert_eq!(preview.notices, ["phone joined the vault."]);
    laptop.add("elm");
    phone.import(&laptop.export(UPDATE).0).unwrap();
    assert_eq!(phone.dump(), laptop.dump());
}

#[test]
fn a_wrong_passphrase_creates_nothing() {
    let [mut laptop] = devices(["laptop"]);
    let path = laptop.invite();
    let keys = DeviceKeys::generate(&mut laptop.rng);
    let joining = Joining {
        passphrase: &Passphrase::typed("four words of ash"),
        keys: &keys,
        name: "phone",
        platform: "android",
        actor: ActorId([7; 16]),
        wall_ms: NOW,
    };
    let outcome =
        join(&path, joining, |_| -> Result<_, BundleError> { panic!("nothing may be created") });
    assert_eq!(outcome.unwrap_err().code(), "wrong_passphrase");
    let (path, _) = laptop.export(EVERYTHING);
    let outcome =
        join(&path, joining, |_| -> Result<_, BundleError> { panic!("nothing may be created") });
    assert_eq!(outcome.unwrap_err().code(), "not_an_invitation");
}

#[test]
fn an_invitation_lets_one_device_in_and_the_other_is_told_what_to_do() {
    let [mut laptop] = devices(["laptop"]);
    laptop.add("oak");
    let path = laptop.invite();
    let phones = [7, 8].map(|actor| Device::joining(&path, PASSPHRASE, actor).unwrap());
    let codes: Vec<&str> = phones
        .into_iter()
        .map(|mut phone| {
            phone.add("ash");
            let (path, _) = phone.export(EVERYTHING);
            laptop.import(&path).map_or_else(|error| error.code(), |_| "taken")
        })
        .collect();
    // Which of the two gets in follows from their records, whoever came first.
    assert!(codes == ["taken", "unknown_device"] || codes == ["taken", "taken"], "{codes:?}");
    let members = laptop.write(|tx| holdfast_sync::membership(tx).unwrap());
    assert_eq!(members.active().count(), 2);
}

#[test]
fn a_member_may_import_an_invitation_as_any_other_bundle() {
    let [mut laptop, mut phone] = devices(["laptop", "phone"]);
    laptop.add("oak");
    phone.import(&laptop.invite()).unwrap();
    assert_eq!(phone.dump(), laptop.dump());
}
