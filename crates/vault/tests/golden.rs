//! Bytes that an earlier build wrote must open for ever: everything here was written once, by
//! format 1, and is never written again.

use holdfast_oplog::{ActorId, DeviceId, SealedBatch, VaultId};
use holdfast_vault::{
    DeviceKeys, KeyFile, Keyring, Membership, Passphrase, Purpose, fingerprint, open_batch,
    open_blob, open_invitation, unwrap_key,
};

const KEYRING: &str = "\
    01f1b8e9a2fb0c7e3f2615e6b6e08e0c8f000000010000000140cb6b70cf63978d36a2ea9bfd4cef3e332fa2\
    8eca69111b4e09c76d77ac0685";
const GENESIS: &str = "\
    84a57661756c74c410f1b8e9a2fb0c7e3f2615e6b6e08e0c8fa46b696e64a767656e65736973a4626f6479c4\
    c487a56e6f6e6365c41022ec148010e5aa80fea2d5d3892674a0a6646576696365c410ca3baaf58d0988016b\
    83cde42a131a19a67075626c696382a47369676ec4208a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94\
    121bf3748801b40f6f5ca56167726565c420ce8d3ad1ccb633ec7b70c17814a5c76ecd029685050d344745ba\
    05870e587d59a46e616d65a66c6170746f70a8706c6174666f726da56c696e7578a56163746f72c410030303\
    03030303030303030303030303a474696d65cd03e8aa7369676e61747572657391c440a9536d7ac1ec07655f\
    e14398e770b8d1d933e3c4a55f033ceb1e375c2486bbea2cce5475f1947abc9d3a6af36e25f545cecf18473a\
    7a89088f9aa8f019014303";
const BATCH: &str = "\
    82a6686561646572c4b689a6666f726d617401a57661756c74c410f1b8e9a2fb0c7e3f2615e6b6e08e0c8fa5\
    7370616365aa65766572797768657265a56163746f72c41003030303030303030303030303030303a5666972\
    737401a46c61737402a9707265765f68617368c4200000000000000000000000000000000000000000000000\
    000000000000000000a96c6173745f68617368c420f01ce45d48d27e2a6dcd26bfe238216f0a4e4161a0fabb\
    79a5927cd2593cb88da565706f636801a67365616c6564c4a874364632cd2728f60b6cbbf2a1ed388cce5368\
    b180b44ceacb9dae3aaf13b12f493d53fbd0cd42cd896bd20967b6ac7a30511737175aede5351768e6705c53\
    cef146352dc37cb491787eba230f51b4a87f73d748c29847b2ef9197d1cce9b2d0f5517da63189bf09d23628\
    f64d0105ec92e96fbeb51ad97ce2f4df94f1da986a34978c9609ed2dc323260e352f3cfeaf76d3f81af3aa58\
    2babfbb3dcb907b75e3f5bd6c85c679e81";
const BLOB: &str = "\
    01000000019938b197a2eb5dee3f4c3ae458a709bb14f3249ee743be4bff0557507e6adb16980d5d5d899be0\
    3f7db90456032f";
const WRAPPED: &str = "\
    c383206058d199306a2cbca2e779024b4bed4479d81815f125fef92d25b71772c208156fa170b6a714850691\
    0549867b8c4628dce87a35f00d54b3041a69e7762212dcf167b10453eda6f1c3258bce4b87528a4909b872e4\
    b8ceea15b5656129a902957aa8342ee3";
const INVITATION: &str = "\
    4846494e01000100000000000300000004d7b2552bff796a786180ef2017f1cc7f27ea1ff44d049a7a51f6f7\
    c0b1854fae6a2cdcf967c3c75577fdad075c4d3c487a0c652fac2be05446d61e84f0b4f7217fb6cdca150d88\
    2ef1693ea6ffe094edfef7fbf27e5511bca029ae6f4502ccbf959ac6882d96de46783b11f4bd407cd5b1b0bb\
    930be0e5640f5b3242cdce31351991aeb0472aaa4f8bab94607d53805555c392260c04ed172735a6490611da\
    c3917ae1c34543967d0b7e33a3ebb4d7b6b012e06ab74451b751f5dc11";
const KEYFILE: &str = "\
    48464b57010001000000000003000000040f7509c268f2b0fcdcab21509433e89df0819fea5528d53eedf020\
    2d41ae4f75d4fea97bf8a229e3d7d8058c81595dd8c54114b5cdf677ad42ca1289706baf36d7b19a5264678a\
    0db04803290ae25d585e585f22e0f42b4b";

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

fn laptop() -> DeviceKeys {
    DeviceKeys::decode(&[[1; 33].as_slice(), &[2; 32]].concat()).unwrap()
}

fn vault() -> VaultId {
    "f1b8e9a2-fb0c-7e3f-2615-e6b6e08e0c8f".parse().unwrap()
}

fn keyring() -> Keyring {
    Keyring::decode(&bytes(KEYRING)).unwrap()
}

#[test]
fn ids_follow_from_the_same_keys_as_ever() {
    let device: DeviceId = "ca3baaf5-8d09-8801-6b83-cde42a131a19".parse().unwrap();
    assert_eq!(laptop().device_id(), device);
    let shown = "19428 75235 15909 53370 09478 11963 42692 70997";
    assert_eq!(fingerprint(&laptop().public()), shown);
    assert_eq!(keyring().vault(), vault());
    assert_eq!(
        keyring().discovery_tag(7).unwrap().to_vec(),
        bytes("036fb2555c3ae52d0fd52382b307d061")
    );
}

#[test]
fn a_vaults_first_record_and_a_batch_open() {
    let members = Membership::from_records(vault(), &[bytes(GENESIS)]);
    assert_eq!(members.name(laptop().device_id()), Some("laptop"));
    let batch = SealedBatch::decode(&bytes(BATCH)).unwrap();
    let opened = open_batch(&keyring(), &batch, |actor| members.public_of(actor)).unwrap();
    assert_eq!(opened.changes, [b"first change".to_vec(), b"second change".to_vec()]);
    assert_eq!(opened.header.actor, ActorId([3; 16]));
}

#[test]
fn pieces_and_wrapped_keys_open() {
    let opened = open_blob(&keyring(), Purpose::Attachments, b"place", &bytes(BLOB)).unwrap();
    assert_eq!(opened.as_slice(), b"pixels");
    let key = unwrap_key(vault(), 1, &bytes(WRAPPED), &laptop()).unwrap();
    assert_eq!(keyring().of(1).next(), Some(&key));
}

#[test]
fn what_is_under_a_passphrase_opens() {
    let phrase = Passphrase::typed("correct horse");
    let invitation = open_invitation(&bytes(INVITATION), &phrase).unwrap();
    assert_eq!((invitation.keyring, invitation.inviter.as_str()), (keyring(), "laptop"));
    let file = KeyFile::parse(&bytes(KEYFILE)).unwrap();
    assert_eq!(file.unlock(Some(&phrase)).unwrap().expose(), &[9; 32]);
}
