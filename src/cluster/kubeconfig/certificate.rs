//! When a certificate expires: as much of DER as leads to that one field (RFC 5280, 4.1).

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

const SEQUENCE: u8 = 0x30;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
/// `[0]`, in which the version stands where it is not the first.
const VERSION: u8 = 0xa0;

/// The end of the first certificate in `pem`; `None` where there is none that can be read.
pub(super) fn valid_until(pem: &[u8]) -> Option<Timestamp> {
    let certificate = CertificateDer::from_pem_slice(pem).ok()?;
    not_after(&certificate)
}

fn not_after(der: &[u8]) -> Option<Timestamp> {
    let (certificate, _) = within(der, SEQUENCE)?;
    let (mut fields, _) = within(certificate, SEQUENCE)?;
    if fields.first() == Some(&VERSION) {
        (_, _, fields) = element(fields)?;
    }
    // Serial number, algorithm of the signature, issuer.
    for _ in 0..3 {
        (_, _, fields) = element(fields)?;
    }
    let (validity, _) = within(fields, SEQUENCE)?;
    let (_, _, end) = element(validity)?;
    let (tag, text, _) = element(end)?;
    time(tag, std::str::from_utf8(text).ok()?)
}

/// Tag and content of the first element, and what follows it.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match usize::from(first) {
        short @ 0..0x80 => (short, rest),
        long => {
            let (bytes, rest) = rest.split_at_checked(long & 0x7f)?;
            let length = bytes.iter().try_fold(0_usize, |sum, it| {
                sum.checked_mul(256)?.checked_add((*it).into())
            })?;
            (length, rest)
        }
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

/// Content of the first element if it is of this kind, and what follows it.
fn within(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (found, content, rest) = element(der)?;
    (found == tag).then_some((content, rest))
}

/// Both forms are in UTC and to the second; of a year in two digits, those from 50 on are of the last
/// century.
fn time(tag: u8, text: &str) -> Option<Timestamp> {
    let text = match tag {
        GENERALIZED_TIME => text.to_owned(),
        UTC_TIME if text.get(..2)? < "50" => format!("20{text}"),
        UTC_TIME => format!("19{text}"),
        _ => return None,
    };
    let at = DateTime::strptime("%Y%m%d%H%M%SZ", text).ok()?;
    Some(at.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn certificate(year: i32) -> String {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut parameters = rcgen::CertificateParams::new(vec![]).unwrap();
        parameters.not_before = rcgen::date_time_ymd(2020, 1, 1);
        parameters.not_after = rcgen::date_time_ymd(year, 3, 4);
        parameters.self_signed(&key).unwrap().pem()
    }

    #[test]
    fn the_end_is_read_in_both_of_its_forms() {
        // Up to 2049 in two digits.
        for year in [2027, 2049, 2050, 2999] {
            let expected = format!("{year}-03-04T00:00:00Z").parse().unwrap();
            let pem = certificate(year);
            assert_eq!(valid_until(pem.as_bytes()), Some(expected), "{year}");
        }
    }

    #[test]
    fn what_is_no_certificate_has_no_end() {
        let whole = certificate(2027);
        let cut = whole.len() / 2;
        let half = format!("{}\n-----END CERTIFICATE-----\n", &whole[..cut]);
        for text in ["", "hunter2", &half] {
            assert_eq!(valid_until(text.as_bytes()), None, "{text}");
        }
        let der = CertificateDer::from_pem_slice(whole.as_bytes()).unwrap();
        for end in 0..der.len() / 2 {
            let _ = not_after(&der[..end]);
        }
        assert_eq!(not_after(&[0x30, 0xff, 0xff]), None);
    }
}
