//! Writes the music on hold: `cargo run -p moonswitch-media --example compose_music`.

use std::error::Error;
use std::path::PathBuf;

use media::wav::WavHeader;

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args()
        .nth(1)
        .map_or_else(|| PathBuf::from("sounds/music/default.wav"), PathBuf::from);
    let clip = media::tone::compose_music(16_000);
    let shape = WavHeader {
        channels: 1,
        rate: clip.rate,
    };
    let mut file = shape.bytes(Some(clip.samples.len() as u64 * 2)).to_vec();
    file.extend(clip.samples.iter().flat_map(|sample| sample.to_le_bytes()));
    std::fs::write(&path, file)?;
    println!("{}: {:.1} s", path.display(), clip.duration().as_secs_f64());
    Ok(())
}
