//! A map of few: what an auditor keeps for each of very many accounts.
//!
//! Most of these are empty or have one pair. Pairs lie beside one another, sorted by key, and with
//! little room to spare: an empty one takes nothing but its own three words, and one that has
//! become empty gives back what it had.

/// Pairs by key.
#[derive(Debug, Clone)]
pub(super) struct Few<K, V>(Vec<(K, V)>);

impl<K, V> Default for Few<K, V> {
    fn default() -> Self {
        Self(vec![])
    }
}

impl<K: Ord, V> Few<K, V> {
    fn place(&self, key: &K) -> Result<usize, usize> {
        self.0.binary_search_by(|(its, _)| its.cmp(key))
    }

    pub(super) fn get(&self, key: &K) -> Option<&V> {
        let (_, value) = self.0.get(self.place(key).ok()?)?;
        Some(value)
    }

    pub(super) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        let place = self.place(key).ok()?;
        let (_, value) = self.0.get_mut(place)?;
        Some(value)
    }

    pub(super) fn contains_key(&self, key: &K) -> bool {
        self.place(key).is_ok()
    }

    /// Puts a value by its key, in the place of any that was there.
    pub(super) fn insert(&mut self, key: K, value: V) {
        match self.place(&key) {
            Ok(place) => {
                if let Some(pair) = self.0.get_mut(place) {
                    *pair = (key, value);
                }
            }
            Err(place) => {
                if self.0.len() == self.0.capacity() {
                    self.0.reserve_exact(1 + self.0.len() / 2);
                }
                self.0.insert(place, (key, value));
            }
        }
    }

    pub(super) fn remove(&mut self, key: &K) -> Option<V> {
        let place = self.place(key).ok()?;
        let (_, value) = self.0.remove(place);
        self.give_back();
        Some(value)
    }

    pub(super) fn retain(&mut self, mut keeps: impl FnMut(&K, &V) -> bool) {
        self.0.retain(|(key, value)| keeps(key, value));
        self.give_back();
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
        self.give_back();
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &V> {
        self.0.iter().map(|(_, value)| value)
    }

    pub(super) fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.0.iter_mut().map(|(_, value)| value)
    }

    /// Gives back what it has no use for, once that is half of what it has.
    fn give_back(&mut self) {
        if self.0.len() <= self.0.capacity() / 2 {
            self.0.shrink_to_fit();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::Few;

    #[derive(Debug, Clone, Copy)]
    enum Done {
        Insert(u8, u16),
        Remove(u8),
        RetainBelow(u8),
        Add(u8, u16),
        AddToAll(u16),
        Clear,
    }

    fn done() -> impl Strategy<Value = Done> {
        prop_oneof![
            8 => (0..16_u8, any::<u16>()).prop_map(|(key, value)| Done::Insert(key, value)),
            4 => (0..16_u8).prop_map(Done::Remove),
            1 => (0..16_u8).prop_map(Done::RetainBelow),
            2 => (0..16_u8, any::<u16>()).prop_map(|(key, value)| Done::Add(key, value)),
            1 => any::<u16>().prop_map(Done::AddToAll),
            1 => Just(Done::Clear),
        ]
    }

    proptest! {
        #[test]
        fn it_holds_what_a_map_holds_and_little_room_besides(
            all in prop::collection::vec(done(), 0..80),
        ) {
            let (mut few, mut map) = (Few::default(), BTreeMap::new());
            for done in all {
                match done {
                    Done::Insert(key, value) => {
                        few.insert(key, value);
                        map.insert(key, value);
                    }
                    Done::Remove(key) => prop_assert_eq!(few.remove(&key), map.remove(&key)),
                    Done::RetainBelow(most) => {
                        few.retain(|key, _| *key < most);
                        map.retain(|key, _| *key < most);
                    }
                    Done::Add(key, more) => {
                        let add = |value: &mut u16| *value = value.wrapping_add(more);
                        prop_assert_eq!(few.get_mut(&key).map(add), map.get_mut(&key).map(add));
                    }
                    Done::AddToAll(more) => {
                        few.values_mut().for_each(|value| *value = value.wrapping_add(more));
                        map.values_mut().for_each(|value| *value = value.wrapping_add(more));
                    }
                    Done::Clear => {
                        few.clear();
                        map.clear();
                    }
                }
                prop_assert!(few.values().eq(map.values()));
                for key in 0..16 {
                    prop_assert_eq!(few.get(&key), map.get(&key));
                    prop_assert_eq!(few.contains_key(&key), map.contains_key(&key));
                }
                let (held, room) = (map.len(), few.0.capacity());
                prop_assert!(room <= 2 * held, "room for {} where {} are", room, held);
            }
        }
    }
}
