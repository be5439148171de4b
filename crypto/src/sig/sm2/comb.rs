//! Multiples of a known point, by a table of sums of its multiples: a comb after Lim and Lee, with signed digits.
//!
//! An odd number below 2^256 is a sum of all powers of two below 2^256, each taken or subtracted: bit i of (k + 2^256 - 1) / 2
//! says which. Laid out in eight rows of 32 digits, the eight digits of a column stand for one of 256 sums of eight multiples
//! of the point. Half of those are opposites of the other half, so a table of 128 points has them all; no digit is zero, and
//! nothing is ever skipped. One table for all columns costs a doubling from column to column. With a table for every so many
//! columns, all tables are added to the sum in each round, and there are fewer rounds and doublings.

use super::limbs;
use super::point::{Affine, Jacobian};
use super::scalar::{N, Scalar};

const COLUMNS: usize = 32;
const TABLE: usize = 128;

/// The tables of a point.
#[derive(Debug)]
pub(crate) struct Comb {
    /// How many columns share a table.
    rounds: usize,
    /// One table after another; that of the first columns comes first.
    points: Vec<Affine>,
}

/// A number as columns of eight digits each, the lowest row in the lowest bit.
struct Digits([u8; COLUMNS]);

impl Digits {
    /// The digits of a number that is not zero. Those of an even one are those of n minus it, all turned around.
    fn of(number: Scalar) -> Self {
        let [lowest, ..] = number.limbs();
        let is_even = lowest & 1 == 0;
        let odd = if is_even { limbs::sub(N, number.limbs()).0 } else { number.limbs() };
        // (odd + 2^256 - 1) / 2 is odd / 2 with the highest bit set.
        let rows = limbs::to_little_endian(limbs::halve(odd, true));
        let flip = if is_even { u64::MAX } else { 0 };
        let mut columns = [0; COLUMNS];
        // A row has four octets. The same octet of all rows makes a square of bits, and its transpose eight columns.
        for (at, eight) in columns.as_chunks_mut::<8>().0.iter_mut().enumerate() {
            let mut octets = [0; 8];
            for (octet, row) in octets.iter_mut().zip(rows.as_chunks::<4>().0) {
                *octet = row.get(at).copied().unwrap_or_default();
            }
            *eight = (transpose(u64::from_le_bytes(octets)) ^ flip).to_le_bytes();
        }
        Self(columns)
    }
}

/// The transpose of eight rows of eight bits: squares of one bit are swapped, of two, and of four.
const fn transpose(rows: u64) -> u64 {
    let mut square = rows;
    let swap = (square ^ square >> 7) & 0x00aa_00aa_00aa_00aa;
    square ^= swap ^ swap << 7;
    let swap = (square ^ square >> 14) & 0x0000_cccc_0000_cccc;
    square ^= swap ^ swap << 14;
    let swap = (square ^ square >> 28) & 0x0000_0000_f0f0_f0f0;
    square ^ swap ^ swap << 28
}

impl Comb {
    /// The tables of a point, so that `rounds` columns share one: a divisor of 32. None for the point at infinity alone.
    pub(crate) fn new(point: &Affine, rounds: usize) -> Option<Self> {
        let tables = COLUMNS.checked_div(rounds)?;
        // The multiples by 2^(rounds·i) and twice those: what the digits at the bottom of a table stand for.
        let mut multiples = Vec::with_capacity(2 * 8 * tables);
        let mut multiple = Jacobian::from(*point);
        for _ in 0..8 * tables {
            multiples.push(multiple);
            multiple.double();
            multiples.push(multiple);
            for _ in 1..rounds {
                multiple.double();
            }
        }
        let multiples = Affine::from_all(&multiples)?;
        let (multiples, _) = multiples.as_chunks::<2>();
        let mut sums = Vec::with_capacity(TABLE * tables);
        for table in 0..tables {
            sums.extend(all_sums(multiples.iter().skip(table).step_by(tables)));
        }
        Some(Self { rounds, points: Affine::from_all(&sums)? })
    }

    /// How many bytes the tables of a point take.
    pub(crate) const fn size(rounds: usize) -> usize {
        COLUMNS / rounds * TABLE * size_of::<Affine>()
    }

    /// The point that each column stands for. All are fetched before any is used: the memory of a key that was not used for a
    /// while answers late, and to many at once.
    #[expect(clippy::indexing_slicing, reason = "there are as many tables as it takes for 32 columns, of 128 points each")]
    fn points_of(&self, Digits(columns): &Digits) -> [Affine; COLUMNS] {
        std::array::from_fn(|at| {
            let column = columns[at];
            let is_opposite = column & 0x80 == 0;
            let place = usize::from(if is_opposite { !column } else { column } & 0x7f);
            self.points[at / self.rounds * TABLE + place].negate_if(is_opposite)
        })
    }

    /// a·A + b·B, for the points whose tables these are.
    pub(crate) fn sum_of(terms: [(&Self, Scalar); 2]) -> Jacobian {
        let terms = terms.map(|(comb, number)| (comb.rounds, comb.points_of(&Digits::of(number))));
        let rounds = terms.iter().map(|(rounds, _)| *rounds).max().unwrap_or_default();
        let mut sum = Jacobian::INFINITY;
        for round in (0..rounds).rev() {
            sum.double();
            for (rounds, points) in terms.iter().filter(|(rounds, _)| round < *rounds) {
                for point in points.iter().skip(round).step_by(*rounds) {
                    sum.add_affine(point);
                }
            }
        }
        sum
    }
}

/// The highest multiple, plus or minus each of the seven others; bit i of a sum's place says that the i-th is added.
fn all_sums<'a>(multiples: impl Iterator<Item = &'a [Affine; 2]>) -> Vec<Jacobian> {
    let multiples: Vec<_> = multiples.collect();
    let Some(([highest, _], others)) = multiples.split_last() else { return Vec::new() };
    let mut least = Jacobian::from(*highest);
    for [once, _] in others {
        least.add_affine(&once.negate_if(true));
    }
    let mut sums = vec![least];
    for [_, twice] in others {
        for place in 0..sums.len() {
            sums.extend(sums.get(place).copied().map(|mut sum| {
                sum.add_affine(twice);
                sum
            }));
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::super::point::GENERATOR;
    use super::super::reference::{Dice, affine, edges, multiple, ours, theirs};
    use super::*;

    #[test]
    fn rows_become_columns() {
        for at in 0..64 {
            assert_eq!(transpose(1 << at), 1 << (at % 8 * 8 + at / 8), "bit {at}");
        }
    }

    #[test]
    fn digits_add_up_to_the_number() {
        let mut dice = Dice(5);
        for number in edges().into_iter().chain((0..500).map(|_| dice.below(N))) {
            let Digits(columns) = Digits::of(ours(number));
            let mut sum = sm2::Scalar::ZERO;
            for place in (0..256usize).rev() {
                let is_added = columns[place % 32] >> (place / 32) & 1 == 1;
                sum = sum + sum + if is_added { sm2::Scalar::ONE } else { -sm2::Scalar::ONE };
            }
            assert_eq!(sum, theirs(number), "{number:x?}");
        }
    }

    #[test]
    fn every_size_of_table_gives_the_same_sums() {
        let (mut dice, edges) = (Dice(6), edges());
        let base = Comb::new(&GENERATOR, 4).unwrap();
        for rounds in [1, 2, 4, 8, 16, 32] {
            for key in [[1, 0, 0, 0], edges[1], [2, 0, 0, 0], [128, 0, 0, 0], edges[20], dice.below(N)] {
                let point = multiple(key);
                let tables = Comb::new(&affine(&point).unwrap(), rounds).unwrap();
                assert_eq!(tables.points.len() * size_of::<Affine>(), Comb::size(rounds));
                for at in 0..60 {
                    let (s, t) = (edges[at % edges.len()], if at % 2 == 0 { dice.below(N) } else { edges[at * 7 % edges.len()] });
                    let sum = Comb::sum_of([(&base, ours(s)), (&tables, ours(t))]);
                    let expected = affine(&(multiple(s) + point * theirs(t)));
                    let sum = Affine::from_all(&[sum]).map(|points| points[0]);
                    assert_eq!(sum, expected, "{s:x?}·G + {t:x?}·{key:x?}·G in {rounds} rounds");
                }
            }
        }
    }

    #[test]
    fn there_is_no_comb_of_no_rounds() {
        assert!(Comb::new(&GENERATOR, 0).is_none());
    }
}
