//! UTF-8 in pieces: a character may be cut anywhere.

/// Checks text as it comes.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Utf8 {
    /// The first bytes of a character whose end is still to come.
    begun: [u8; 4],
    length: u8,
}

impl Utf8 {
    /// Checks the next piece. Answers whether everything so far is, or may become, UTF-8: what can never be is
    /// found with its first wrong byte.
    pub(super) fn push(&mut self, mut piece: &[u8]) -> bool {
        while self.length > 0 {
            let Some((next, rest)) = piece.split_first() else { return true };
            self.begun[usize::from(self.length)] = *next;
            self.length += 1;
            piece = rest;
            match std::str::from_utf8(&self.begun[..usize::from(self.length)]) {
                Ok(_) => self.length = 0,
                Err(error) if error.error_len().is_some() => return false,
                Err(_) => {}
            }
        }
        match std::str::from_utf8(piece) {
            Ok(_) => true,
            Err(error) if error.error_len().is_some() => false,
            Err(error) => {
                let rest = &piece[error.valid_up_to()..];
                self.begun[..rest.len()].copy_from_slice(rest);
                // At most three bytes: four are a character.
                self.length = rest.len() as u8;
                true
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Pieces of text, of nearly text and of anything.
    fn bytes() -> impl Strategy<Value = Vec<u8>> {
        let damaged = (".{0,12}", any::<prop::sample::Index>(), any::<u8>()).prop_map(|(text, at, byte)| {
            let mut bytes = text.into_bytes();
            if !bytes.is_empty() {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            bytes
        });
        prop_oneof![".{0,12}".prop_map(String::into_bytes), damaged, prop::collection::vec(any::<u8>(), 0..9)]
    }

    proptest! {
        #[test]
        fn pieces_are_judged_as_the_whole(bytes in bytes(), cuts in prop::collection::vec(1usize..5, 0..30)) {
            let (mut utf8, mut rest, mut sound) = (Utf8::default(), &bytes[..], true);
            let mut taken = 0;
            for cut in cuts.into_iter().chain([usize::MAX]) {
                let (piece, later) = rest.split_at(cut.min(rest.len()));
                (rest, taken) = (later, taken + piece.len());
                sound = sound && utf8.push(piece);
                // At once: as soon as what came cannot become text.
                let may_become = std::str::from_utf8(&bytes[..taken]).map_or_else(|e| e.error_len().is_none(), |_| true);
                prop_assert_eq!(sound, may_become);
            }
        }
    }
}
