//! Settings that were moved: read at both places.

use super::{Field, Reader, Section};

impl Reader {
    /// A key that was moved: the value at its new place, or else at its old one, which is warned
    /// about. Both are dotted paths below this one.
    pub fn moved_field<'f, T>(
        &self,
        old_key: &str,
        old: &'f Field<T>,
        new_key: &str,
        new: &'f Field<T>,
    ) -> &'f Field<T> {
        match (old, new) {
            (Field::Absent, _) => new,
            (_, Field::Absent) => {
                let path = self.key(new_key).path().to_owned();
                self.key(old_key).warning(format!("old spelling, read as {path}"));
                old
            }
            _ => {
                let path = self.key(new_key).path().to_owned();
                self.key(old_key).warning(format!("old spelling, ignored because {path} is there"));
                new
            }
        }
    }

    /// As [`Reader::moved_field`], for a section.
    pub fn moved_section<'s, T: Default + PartialEq>(
        &self,
        old_key: &str,
        old: &'s Section<T>,
        new_key: &str,
        new: &'s Section<T>,
    ) -> &'s Section<T> {
        let nothing = Section::default();
        let mark = |section: &Section<T>| match *section == nothing {
            true => Field::Absent,
            false => Field::Value(()),
        };
        let (old_mark, new_mark) = (mark(old), mark(new));
        let chosen = self.moved_field(old_key, &old_mark, new_key, &new_mark);
        if std::ptr::eq(chosen, &raw const old_mark) { old } else { new }
    }
}
