//! The words that two people compare. All are short, common, and far apart to the ear.

/// In alphabetical order. Devices of all versions must have the same list: it never changes.
#[rustfmt::skip]
pub(super) const WORDS: [&str; 256] = [
    "acorn", "amber", "anchor", "apple", "april", "apron", "arrow", "atlas",
    "autumn", "badge", "bagel", "bamboo", "banana", "banjo", "barn", "basket",
    "beach", "beacon", "bean", "beaver", "bench", "berry", "bicycle", "birch",
    "biscuit", "blanket", "blossom", "bonnet", "bottle", "bounce", "branch", "bread",
    "breeze", "brick", "bridge", "broom", "brush", "bubble", "bucket", "buffalo",
    "butter", "button", "cabin", "cactus", "camel", "camera", "candle", "canoe",
    "canvas", "captain", "carpet", "carrot", "castle", "cedar", "cello", "chalk",
    "cherry", "chess", "chimney", "cider", "circle", "citrus", "clay", "cliff",
    "clock", "clover", "cobalt", "coconut", "comet", "compass", "copper", "coral",
    "cotton", "cradle", "crane", "crayon", "cricket", "crystal", "curtain", "daisy",
    "dancer", "desert", "diamond", "dolphin", "donkey", "dragon", "drum", "eagle",
    "earth", "echo", "elbow", "elephant", "ember", "emerald", "engine", "falcon",
    "farmer", "feather", "fence", "fern", "ferry", "fiddle", "finch", "flame",
    "flute", "forest", "fossil", "fountain", "fox", "frost", "galaxy", "garden",
    "garlic", "ginger", "giraffe", "glacier", "glove", "goat", "granite", "grape",
    "guitar", "hammer", "harbor", "harvest", "hazel", "helmet", "heron", "hill",
    "honey", "horizon", "hotel", "iceberg", "igloo", "indigo", "island", "ivory",
    "jacket", "jaguar", "jasmine", "jelly", "jigsaw", "jungle", "kayak", "kettle",
    "kitchen", "kite", "koala", "ladder", "lagoon", "lamp", "lantern", "laurel",
    "lemon", "leopard", "library", "lilac", "linen", "lion", "lizard", "lobster",
    "locket", "lumber", "magnet", "mango", "maple", "marble", "market", "meadow",
    "melon", "mirror", "mitten", "monkey", "mosaic", "mountain", "muffin", "museum",
    "mustard", "napkin", "nectar", "needle", "nickel", "noodle", "north", "nutmeg",
    "oak", "ocean", "olive", "onion", "opera", "orange", "orbit", "orchid",
    "ostrich", "otter", "oyster", "paddle", "palace", "panda", "paper", "parrot",
    "pasta", "peacock", "pebble", "pencil", "pepper", "piano", "picnic", "pigeon",
    "pillow", "planet", "plum", "pocket", "pony", "poppy", "potato", "prairie",
    "pumpkin", "puzzle", "quartz", "quilt", "rabbit", "radish", "rainbow", "raven",
    "ribbon", "river", "robin", "rocket", "saddle", "saffron", "salmon", "sand",
    "satin", "saturn", "scarf", "silver", "spider", "spoon", "squirrel", "stone",
    "summer", "sunset", "swan", "tiger", "timber", "tomato", "tulip", "tunnel",
    "turtle", "umbrella", "valley", "velvet", "violin", "walnut", "window", "zebra",
];

/// Four words from the first bytes of a key: 32 bits, enough against someone who has one try.
pub(super) fn of(key: &[u8; 32]) -> [&'static str; 4] {
    let mut words = [""; 4];
    for (word, byte) in words.iter_mut().zip(key) {
        *word = WORDS.get(usize::from(*byte)).copied().unwrap_or_default();
    }
    words
}
