//! Fax as T.38 (ITU-T T.38 Annex D): what a description says of its image, and how ours passes that on.

use std::net::SocketAddr;

use super::audio::address;
use super::parse::{Description, Media};
use super::{Negotiator, write_refused};
use crate::SdpError;

/// The fax of a description: UDPTL to somewhere, with the peer's own terms.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Image {
    /// Where its datagrams are to go.
    pub remote: SocketAddr,
    /// Its T.38 attributes as they were written: `T38FaxVersion:0`. They are the two fax machines'
    /// business and not ours.
    pub terms: Vec<Vec<u8>>,
}

impl Description {
    /// The first fax that is not refused and has a numeric address.
    pub fn image(&self) -> Option<Image> {
        self.image_place().map(|(_, image)| image)
    }

    /// The same, with the number of its m-line, from 0.
    fn image_place(&self) -> Option<(usize, Image)> {
        self.media()
            .enumerate()
            .find_map(|(index, media)| Some((index, read(self, media)?)))
    }
}

fn read(description: &Description, media: Media<'_>) -> Option<Image> {
    let is_udptl = media.protocol().eq_ignore_ascii_case(b"udptl");
    if media.kind() != b"image" || media.port() == 0 || !is_udptl {
        return None;
    }
    let connection = media
        .value(b'c')
        .or_else(|| description.session_value(b'c'))?;
    let terms = media.lines().filter(|line| {
        let begins = line.value.get(..3).unwrap_or_default();
        line.kind == b'a' && begins.eq_ignore_ascii_case(b"T38") && line.value.len() <= LONGEST
    });
    Some(Image {
        remote: SocketAddr::new(address(connection)?, media.port()),
        terms: terms
            .take(MOST_TERMS)
            .map(|line| line.value.to_vec())
            .collect(),
    })
}

impl Negotiator {
    /// Offers a fax in place of the sound, with the terms of whoever asked for it.
    pub fn offer_image(&mut self, terms: &[Vec<u8>]) -> Vec<u8> {
        let mut media = Vec::new();
        for refused in &self.shape.before {
            write_refused(&mut media, refused);
        }
        self.write_image(&mut media, terms);
        for refused in &self.shape.after {
            write_refused(&mut media, refused);
        }
        self.publish(&media)
    }

    /// Reads the answer to it.
    pub fn accept_image(&self, answer: &Description) -> Result<Image, SdpError> {
        let (index, image) = answer.image_place().ok_or(SdpError::NoImage)?;
        if index != self.shape.before.len() {
            return Err(SdpError::Mismatch("its image is not where ours is"));
        }
        Ok(image)
    }

    /// Answers an offer of fax with the terms of who is to receive it; all other streams are refused.
    pub fn answer_image(
        &mut self,
        offer: &Description,
        terms: &[Vec<u8>],
    ) -> Result<Vec<u8>, SdpError> {
        let (place, _) = offer.image_place().ok_or(SdpError::NoImage)?;
        let shape = super::answer::shape(offer, place);
        let mut media = Vec::new();
        for refused in &shape.before {
            write_refused(&mut media, refused);
        }
        self.write_image(&mut media, terms);
        for refused in &shape.after {
            write_refused(&mut media, refused);
        }
        // The sound comes back where the image is now; its protocol is that of before.
        self.shape.before = shape.before;
        self.shape.after = shape.after;
        Ok(self.publish(&media))
    }

    fn write_image(&self, out: &mut Vec<u8>, terms: &[Vec<u8>]) {
        let port = self.local.address.port();
        out.extend_from_slice(format!("m=image {port} udptl t38\r\n").as_bytes());
        for term in terms {
            out.extend_from_slice(b"a=");
            out.extend_from_slice(term);
            out.extend_from_slice(b"\r\n");
        }
    }
}

/// There are eleven in the standard.
const MOST_TERMS: usize = 32;
const LONGEST: usize = 128;

#[cfg(test)]
mod tests {
    use crate::sdp::LocalSide;
    use crate::{CodecKind, Direction};

    use super::*;

    const FAX: &str = "m=image 4100 UDPTL t38\r\na=T38FaxVersion:0\r\na=T38MaxBitRate:14400\r\n\
        a=T38FaxUdpEC:t38UDPRedundancy\r\na=sendrecv\r\n";

    #[test]
    fn a_fax_is_read_with_its_own_terms() {
        let image = description(FAX).image().unwrap();

        assert_eq!(image.remote, "192.0.2.1:4100".parse().unwrap());
        let terms: Vec<&[u8]> = image.terms.iter().map(Vec::as_slice).collect();
        assert_eq!(
            terms,
            [
                &b"T38FaxVersion:0"[..],
                b"T38MaxBitRate:14400",
                b"T38FaxUdpEC:t38UDPRedundancy"
            ]
        );
        for other in [
            "m=image 0 udptl t38\r\n",
            "m=image 4100 TCPTL t38\r\n",
            "m=audio 4100 RTP/AVP 8\r\n",
            "m=image 4100 udptl t38\r\nc=IN IP4 224.2.1.1\r\n",
        ] {
            assert_eq!(description(other).image(), None, "{other}");
        }
    }

    #[test]
    fn a_fax_takes_the_place_of_the_sound_and_the_sound_comes_back_there() {
        let mut one = negotiator();
        let offer = one.offer(&[CodecKind::Pcma], Direction::SendRecv);
        let mut other = negotiator();
        let parsed = Description::parse(&offer).unwrap();
        let answered = other.answer(&parsed, &[CodecKind::Pcma], Direction::SendRecv);
        assert!(answered.is_ok());

        let terms = description(FAX).image().unwrap().terms;
        let offer = one.offer_image(&terms);
        let text = String::from_utf8(offer.clone()).unwrap();
        assert_eq!(text.matches("m=").count(), 1, "{text}");
        assert!(text.contains("m=image 30000 udptl t38\r\na=T38FaxVersion:0\r\n"));
        let answer = other.answer_image(&Description::parse(&offer).unwrap(), &terms[..1]);
        let answer = Description::parse(&answer.unwrap()).unwrap();
        let accepted = one.accept_image(&answer).unwrap();
        assert_eq!(accepted.terms, [b"T38FaxVersion:0"]);

        let back = one.offer(&[CodecKind::Pcma], Direction::SendRecv);
        let back = Description::parse(&back).unwrap();
        assert_eq!(back.media().count(), 1);
        let (answer, _) = other
            .answer(&back, &[CodecKind::Pcma], Direction::SendRecv)
            .unwrap();
        assert!(one.accept(&Description::parse(&answer).unwrap()).is_ok());
    }

    #[test]
    fn beside_a_refused_sound_the_fax_stays_in_its_own_line() {
        let offer = description(&format!("m=audio 0 RTP/AVP 8\r\n{FAX}"));
        let answer = negotiator().answer_image(&offer, &[]).unwrap();
        let text = String::from_utf8(answer).unwrap();

        let sound = text.find("m=audio 0 RTP/AVP 8\r\n").unwrap();
        assert!(sound < text.find("m=image 30000 udptl t38\r\n").unwrap());
    }

    #[test]
    fn an_answer_that_refuses_the_fax_is_told() {
        let mut one = negotiator();
        one.offer_image(&[]);

        let refused = description("m=image 0 udptl t38\r\n");
        assert_eq!(one.accept_image(&refused), Err(SdpError::NoImage));
    }

    fn negotiator() -> Negotiator {
        Negotiator::new(LocalSide {
            address: "192.0.2.9:30000".parse().unwrap(),
            rtcp_port: 30_001,
            rtcp_mux: false,
            ptime: 20,
            session_id: 7,
        })
    }

    fn description(media: &str) -> Description {
        let text = format!("v=0\r\no=- 1 1 IN IP4 h\r\ns=-\r\nc=IN IP4 192.0.2.1\r\n{media}");
        Description::parse(text.as_bytes()).unwrap()
    }
}
