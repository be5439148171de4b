//! Montgomery multiplication modulo p with the instructions of newer x86-64 processors: products that leave the flags alone
//! (BMI2), and two chains of carries at once (ADX), which no compiler makes use of.
//!
//! This file has all unsafe code of the project. The five blocks below are sound because of three things. They read 32 octets
//! behind each of two references, and write no memory and no stack. Every register that they change is declared as an output.
//! And the processor knows the instructions: a value of [`Adx`] is only made where it said so.
//!
//! That they compute the same as the portable code is tested in the folder above.

#![expect(unsafe_code, reason = "measured: see docs/decisions/0001-sm2.md")]

use std::arch::asm;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use crate::sig::sm2::limbs::Limbs;

static KNOWN: AtomicBool = AtomicBool::new(false);

/// Proof that this processor has BMI2 and ADX.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Adx(());

/// From the limbs t, a, b, c, the lowest first, to a, b, c, t: the sum with t·p, divided by 2^64. That is t·2^192 + t -
/// t·2^160 - t·2^32 added to a, b and c. What goes beyond 2^256 on the way comes back: the result is below.
macro_rules! fold {
    ($t:literal, $a:literal, $b:literal, $c:literal) => {
        concat!(
            "shlx rax, ",
            $t,
            ", {a}\n",
            "shrx rcx, ",
            $t,
            ", {a}\n",
            "add ",
            $a,
            ", ",
            $t,
            "\n",
            "adc ",
            $b,
            ", 0\n",
            "adc ",
            $c,
            ", 0\n",
            "adc ",
            $t,
            ", 0\n",
            "sub ",
            $a,
            ", rax\n",
            "sbb ",
            $b,
            ", rcx\n",
            "sbb ",
            $c,
            ", rax\n",
            "sbb ",
            $t,
            ", rcx\n",
        )
    };
}

/// Reduces r8 to r11 and adds r12 to r15: leaves the product in r12 to r15. See `reduce` in the portable code. The operand
/// `a` is not needed any more.
macro_rules! reduction {
    () => {
        concat!(
            "mov {a:e}, 32\n",
            fold!("r8", "r9", "r10", "r11"),
            fold!("r9", "r10", "r11", "r8"),
            fold!("r10", "r11", "r8", "r9"),
            fold!("r11", "r8", "r9", "r10"),
            // The upper half, with the 257th bit in rax.
            "xor eax, eax\n",
            "add r12, r8\n",
            "adc r13, r9\n",
            "adc r14, r10\n",
            "adc r15, r11\n",
            "adc rax, 0\n",
            // Less p, unless that falls below zero.
            "mov rcx, 0xffffffff00000000\n",
            "mov rdx, 0xfffffffeffffffff\n",
            "mov r8, r12\n",
            "mov r9, r13\n",
            "mov r10, r14\n",
            "mov r11, r15\n",
            "sub r12, -1\n",
            "sbb r13, rcx\n",
            "sbb r14, -1\n",
            "sbb r15, rdx\n",
            "sbb rax, 0\n",
            "cmovc r12, r8\n",
            "cmovc r13, r9\n",
            "cmovc r14, r10\n",
            "cmovc r15, r11\n",
        )
    };
}

impl Adx {
    /// Asks the processor. Until somebody does, nothing is known.
    pub(crate) fn detect() {
        KNOWN.store(is_x86_feature_detected!("bmi2") && is_x86_feature_detected!("adx"), Relaxed);
    }

    /// What [`Adx::detect`] found: one look at memory, which is what a multiplication can afford.
    #[inline]
    pub(crate) fn known() -> Option<Self> {
        KNOWN.load(Relaxed).then_some(Self(()))
    }

    /// a·b / 2^256 modulo p, below p, for factors below p.
    #[inline(always)]
    pub(crate) fn mul(self, a: &Limbs, b: &Limbs) -> Limbs {
        let (c0, c1, c2, c3);
        // SAFETY: see the module; `self` is the proof that the instructions are there.
        unsafe {
            asm!(
                // a·b0 in r8 to r12.
                "mov rdx, [{b}]",
                "mulx r9, r8, [{a}]",
                "mulx r10, rax, [{a} + 8]",
                "add r9, rax",
                "mulx r11, rcx, [{a} + 16]",
                "adc r10, rcx",
                "mulx r12, rax, [{a} + 24]",
                "adc r11, rax",
                "adc r12, 0",
                // a·b1 is added at r9, low halves in one chain of carries and high halves in the other.
                "mov rdx, [{b} + 8]",
                "xor r13d, r13d",
                "mulx rcx, rax, [{a}]",
                "adcx r9, rax",
                "adox r10, rcx",
                "mulx rcx, rax, [{a} + 8]",
                "adcx r10, rax",
                "adox r11, rcx",
                "mulx rcx, rax, [{a} + 16]",
                "adcx r11, rax",
                "adox r12, rcx",
                "mulx rcx, rax, [{a} + 24]",
                "adcx r12, rax",
                "adox r13, rcx",
                "adc r13, 0",
                // a·b2 at r10.
                "mov rdx, [{b} + 16]",
                "xor r14d, r14d",
                "mulx rcx, rax, [{a}]",
                "adcx r10, rax",
                "adox r11, rcx",
                "mulx rcx, rax, [{a} + 8]",
                "adcx r11, rax",
                "adox r12, rcx",
                "mulx rcx, rax, [{a} + 16]",
                "adcx r12, rax",
                "adox r13, rcx",
                "mulx rcx, rax, [{a} + 24]",
                "adcx r13, rax",
                "adox r14, rcx",
                "adc r14, 0",
                // a·b3 at r11.
                "mov rdx, [{b} + 24]",
                "xor r15d, r15d",
                "mulx rcx, rax, [{a}]",
                "adcx r11, rax",
                "adox r12, rcx",
                "mulx rcx, rax, [{a} + 8]",
                "adcx r12, rax",
                "adox r13, rcx",
                "mulx rcx, rax, [{a} + 16]",
                "adcx r13, rax",
                "adox r14, rcx",
                "mulx rcx, rax, [{a} + 24]",
                "adcx r14, rax",
                "adox r15, rcx",
                "adc r15, 0",
                reduction!(),
                a = inout(reg) a.as_ptr() => _,
                b = in(reg) b.as_ptr(),
                out("rax") _, out("rcx") _, out("rdx") _,
                out("r8") _, out("r9") _, out("r10") _, out("r11") _,
                out("r12") c0, out("r13") c1, out("r14") c2, out("r15") c3,
                options(pure, readonly, nostack),
            );
        }
        [c0, c1, c2, c3]
    }

    /// a² / 2^256 modulo p, below p, for a number below p.
    #[inline(always)]
    pub(crate) fn square(self, a: &Limbs) -> Limbs {
        let (c0, c1, c2, c3);
        // SAFETY: as in `mul`.
        unsafe {
            asm!(
                // The products of different limbs in r9 to r14.
                "mov rdx, [{a}]",
                "mulx r10, r9, [{a} + 8]",
                "mulx r11, rax, [{a} + 16]",
                "add r10, rax",
                "mulx r12, rcx, [{a} + 24]",
                "adc r11, rcx",
                "adc r12, 0",
                "mov rdx, [{a} + 8]",
                "xor r13d, r13d",
                "mulx rcx, rax, [{a} + 16]",
                "adcx r11, rax",
                "adox r12, rcx",
                "mulx rcx, rax, [{a} + 24]",
                "adcx r12, rax",
                "adox r13, rcx",
                "adc r13, 0",
                "mov rdx, [{a} + 16]",
                "mulx r14, rax, [{a} + 24]",
                "add r13, rax",
                "adc r14, 0",
                // Doubled in one chain of carries, while the squares are added in the other.
                "mov rdx, [{a}]",
                "xor r15d, r15d",
                "mulx rcx, r8, rdx",
                "adcx r9, r9",
                "adox r9, rcx",
                "mov rdx, [{a} + 8]",
                "mulx rcx, rax, rdx",
                "adcx r10, r10",
                "adox r10, rax",
                "adcx r11, r11",
                "adox r11, rcx",
                "mov rdx, [{a} + 16]",
                "mulx rcx, rax, rdx",
                "adcx r12, r12",
                "adox r12, rax",
                "adcx r13, r13",
                "adox r13, rcx",
                "mov rdx, [{a} + 24]",
                "mulx rcx, rax, rdx",
                "adcx r14, r14",
                "adox r14, rax",
                "adcx r15, r15",
                "adox r15, rcx",
                reduction!(),
                a = inout(reg) a.as_ptr() => _,
                out("rax") _, out("rcx") _, out("rdx") _,
                out("r8") _, out("r9") _, out("r10") _, out("r11") _,
                out("r12") c0, out("r13") c1, out("r14") c2, out("r15") c3,
                options(pure, readonly, nostack),
            );
        }
        [c0, c1, c2, c3]
    }
}

/// a + b modulo p, below p, for addends below p.
#[inline(always)]
pub(crate) fn add(a: &Limbs, b: &Limbs) -> Limbs {
    let ([mut c0, mut c1, mut c2, mut c3], [b0, b1, b2, b3]) = (*a, *b);
    // SAFETY: see the module; every x86-64 has these instructions.
    unsafe {
        asm!(
            "add {c0}, {d0}",
            "adc {c1}, {d1}",
            "adc {c2}, {d2}",
            "adc {c3}, {d3}",
            // All ones after a carry: the difference below cannot borrow from that.
            "sbb {carry}, {carry}",
            "mov {d0}, {c0}",
            "mov {d1}, {c1}",
            "mov {d2}, {c2}",
            "mov {d3}, {c3}",
            // Less p, unless that falls below zero.
            "sub {c0}, -1",
            "sbb {c1}, {p1}",
            "sbb {c2}, -1",
            "sbb {c3}, {p3}",
            "sbb {carry}, 0",
            "cmovc {c0}, {d0}",
            "cmovc {c1}, {d1}",
            "cmovc {c2}, {d2}",
            "cmovc {c3}, {d3}",
            p1 = in(reg) 0xffff_ffff_0000_0000_u64,
            p3 = in(reg) 0xffff_fffe_ffff_ffff_u64,
            c0 = inout(reg) c0, c1 = inout(reg) c1, c2 = inout(reg) c2, c3 = inout(reg) c3,
            d0 = inout(reg) b0 => _, d1 = inout(reg) b1 => _, d2 = inout(reg) b2 => _, d3 = inout(reg) b3 => _,
            carry = out(reg) _,
            options(pure, nomem, nostack),
        );
    }
    [c0, c1, c2, c3]
}

/// a - b modulo p, below p, for numbers below p.
#[inline(always)]
pub(crate) fn sub(a: &Limbs, b: &Limbs) -> Limbs {
    let ([mut c0, mut c1, mut c2, mut c3], [b0, b1, b2, b3]) = (*a, *b);
    // SAFETY: as in `add`.
    unsafe {
        asm!(
            "sub {c0}, {b0}",
            "sbb {c1}, {b1}",
            "sbb {c2}, {b2}",
            "sbb {c3}, {b3}",
            // p if that fell below zero: its limbs are all ones, those shifted, all ones, and all but one.
            "sbb {mask}, {mask}",
            "mov {p1}, {mask}",
            "shl {p1}, 32",
            "and {p3}, {mask}",
            "add {c0}, {mask}",
            "adc {c1}, {p1}",
            "adc {c2}, {mask}",
            "adc {c3}, {p3}",
            b0 = in(reg) b0, b1 = in(reg) b1, b2 = in(reg) b2, b3 = in(reg) b3,
            p3 = inout(reg) 0xffff_fffe_ffff_ffff_u64 => _,
            c0 = inout(reg) c0, c1 = inout(reg) c1, c2 = inout(reg) c2, c3 = inout(reg) c3,
            mask = out(reg) _, p1 = out(reg) _,
            options(pure, nomem, nostack),
        );
    }
    [c0, c1, c2, c3]
}

/// Half of a number below p, modulo p: of an odd one, half of its sum with p.
#[inline(always)]
pub(crate) fn halve(a: &Limbs) -> Limbs {
    let [mut c0, mut c1, mut c2, mut c3] = *a;
    // SAFETY: as in `add`.
    unsafe {
        asm!(
            // p if the lowest bit is set.
            "mov {mask}, {c0}",
            "and {mask}, 1",
            "neg {mask}",
            "mov {p1}, {mask}",
            "shl {p1}, 32",
            "and {p3}, {mask}",
            "add {c0}, {mask}",
            "adc {c1}, {p1}",
            "adc {c2}, {mask}",
            "adc {c3}, {p3}",
            "rcr {c3}, 1",
            "rcr {c2}, 1",
            "rcr {c1}, 1",
            "rcr {c0}, 1",
            p3 = inout(reg) 0xffff_fffe_ffff_ffff_u64 => _,
            c0 = inout(reg) c0, c1 = inout(reg) c1, c2 = inout(reg) c2, c3 = inout(reg) c3,
            mask = out(reg) _, p1 = out(reg) _,
            options(pure, nomem, nostack),
        );
    }
    [c0, c1, c2, c3]
}
