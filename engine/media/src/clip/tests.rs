//! Files of every kind, whole and broken.

use super::*;

#[test]
fn samples_at_8_khz_come_with_their_g711_forms() {
    let clip = Clip::from_samples(8_000, vec![0, 1_000, -1_000]);

    let (alaw, ulaw) = clip.g711.unwrap();
    assert_eq!(alaw[1], g711::linear_to_alaw(1_000));
    assert_eq!(ulaw[2], g711::linear_to_ulaw(-1_000));
    assert!(Clip::from_samples(16_000, vec![0]).g711.is_none());
}
