//! The field against plain arithmetic, and its implementations against each other.

use super::*;
use crate::sig::sm2::reference::Dice;

/// a·b modulo p by doubling and adding, bit by bit.
fn product(a: Limbs, b: Limbs) -> Limbs {
    let sum = |a, b| {
        let (sum, carry) = limbs::add(a, b);
        limbs::reduce_once(sum, carry, P)
    };
    let mut product = [0; 4];
    for bit in (0..256).rev() {
        product = sum(product, product);
        if b[bit / 64] >> (bit % 64) & 1 == 1 {
            product = sum(product, a);
        }
    }
    product
}

/// Every number of limbs that look like edges, below p.
fn edges() -> Vec<Limbs> {
    let limbs = [0, 1, 0xffff_ffff, 0x1_0000_0000, 1 << 63, 0xffff_fffe_ffff_ffff, u64::MAX - 1, u64::MAX];
    let mut edges = Vec::new();
    for a in limbs {
        for b in limbs {
            for c in limbs {
                edges.extend(limbs.map(|d| [a, b, c, d]).into_iter().filter(|&edge| limbs::sub(edge, P).1));
            }
        }
    }
    edges.push(limbs::sub(P, [1, 0, 0, 0]).0);
    edges
}

fn element(value: Limbs) -> Element {
    Element::new(value).unwrap()
}

fn check(a: Limbs, b: Limbs) {
    let (x, y) = (element(a), element(b));
    assert_eq!(x * y, element(product(a, b)), "{a:x?} * {b:x?}");
    assert_eq!(x.square(), element(product(a, a)), "{a:x?}²");
    assert_eq!(x + y - y, x);
    assert_eq!((x + y) * (x - y), x.square() - y.square(), "{a:x?}, {b:x?}");
    assert_eq!(x.halve().double(), x, "{a:x?} / 2");
    assert_eq!(x.triple(), x + x + x);
    assert_eq!(x.negate_if(true) + x, Element::ZERO);
    assert_eq!(x.negate_if(false), x);
    assert_eq!(x.is_zero(), a == [0; 4]);
}

#[test]
fn arithmetic_is_that_of_numbers() {
    let edges = edges();
    for (at, a) in edges.iter().enumerate() {
        check(*a, edges[at * 7919 % edges.len()]);
    }
    let mut dice = Dice(1);
    for _ in 0..5_000 {
        check(dice.below(P), dice.below(P));
    }
}

#[test]
fn values_from_p_on_are_refused() {
    assert_eq!(Element::new(P), None);
    assert_eq!(Element::new([u64::MAX; 4]), None);
    assert_eq!(Element::new(limbs::add(P, [1, 0, 0, 0]).0), None);
    assert_eq!(Element::new([1, 0, 0, 0]), Some(Element::ONE));
    assert_eq!(Element::new([0; 4]), Some(Element::ZERO));
}

#[test]
fn inverses() {
    let mut dice = Dice(2);
    for value in edges().into_iter().step_by(17).chain((0..200).map(|_| dice.below(P))) {
        let x = element(value);
        let expected = if x.is_zero() { Element::ZERO } else { Element::ONE };
        assert_eq!(x.invert() * x, expected, "1 / {value:x?}");
    }
}

#[cfg(target_arch = "x86_64")]
#[test]
fn the_machine_code_agrees_with_the_portable_code() {
    detect();
    let Some(adx) = x86_64::Adx::known() else {
        eprintln!("SKIPPED: this processor has no BMI2 and ADX");
        return;
    };
    let compare = |a: &Limbs, b: &Limbs| {
        assert_eq!(adx.mul(a, b), portable::mul(a, b), "{a:x?} * {b:x?}");
        assert_eq!(adx.square(a), portable::square(a), "{a:x?}²");
        assert_eq!(adx.square(a), adx.mul(a, a), "{a:x?}²");
        assert_eq!(halve(a), portable::halve(a), "{a:x?} / 2");
        assert_eq!(add(a, b), portable::add(a, b), "{a:x?} + {b:x?}");
        assert_eq!(sub(a, b), portable::sub(a, b), "{a:x?} - {b:x?}");
    };
    let edges = edges();
    for a in edges.iter().step_by(3) {
        for b in &edges {
            compare(a, b);
        }
    }
    let mut dice = Dice(3);
    for _ in 0..2_000_000 {
        compare(&dice.below(P), &dice.below(P));
    }
}
