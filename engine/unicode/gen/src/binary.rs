//! Binary properties: each is the symmetric difference of a union of general categories, of its own
//! list of toggles, and possibly of another property's list.
//!
//! A list of toggles names the code points at which membership changes, as gaps in variable length.
//! The generator tries every other property as a base and takes what makes the list shortest.

use icu_properties::{CodePointSetData, props as p};

use crate::CODE_POINTS;
use crate::emit::Emitter;
use crate::runs::push_varint;

/// Long name, short name (or the same) and members.
pub type Binary = (&'static str, &'static str, Vec<bool>);

/// No base.
pub const NO_BASE: u8 = 0xFF;

/// The binary properties of ECMA-262, "Binary Unicode property aliases", in the order of their
/// numbers, without Any, ASCII and Assigned, which need no table.
#[must_use]
pub fn properties() -> Vec<Binary> {
    macro_rules! list {
        ($($type:ident, $long:literal, $short:literal;)*) => {
            vec![$(($long, $short, members(CodePointSetData::new::<p::$type>().iter_ranges()))),*]
        };
    }
    list! {
        AsciiHexDigit, "ASCII_Hex_Digit", "AHex";
        Alphabetic, "Alphabetic", "Alpha";
        BidiControl, "Bidi_Control", "Bidi_C";
        BidiMirrored, "Bidi_Mirrored", "Bidi_M";
        CaseIgnorable, "Case_Ignorable", "CI";
        Cased, "Cased", "Cased";
        ChangesWhenCasefolded, "Changes_When_Casefolded", "CWCF";
        ChangesWhenCasemapped, "Changes_When_Casemapped", "CWCM";
        ChangesWhenLowercased, "Changes_When_Lowercased", "CWL";
        ChangesWhenNfkcCasefolded, "Changes_When_NFKC_Casefolded", "CWKCF";
        ChangesWhenTitlecased, "Changes_When_Titlecased", "CWT";
        ChangesWhenUppercased, "Changes_When_Uppercased", "CWU";
        Dash, "Dash", "Dash";
        DefaultIgnorableCodePoint, "Default_Ignorable_Code_Point", "DI";
        Deprecated, "Deprecated", "Dep";
        Diacritic, "Diacritic", "Dia";
        Emoji, "Emoji", "Emoji";
        EmojiComponent, "Emoji_Component", "EComp";
        EmojiModifier, "Emoji_Modifier", "EMod";
        EmojiModifierBase, "Emoji_Modifier_Base", "EBase";
        EmojiPresentation, "Emoji_Presentation", "EPres";
        ExtendedPictographic, "Extended_Pictographic", "ExtPict";
        Extender, "Extender", "Ext";
        GraphemeBase, "Grapheme_Base", "Gr_Base";
        GraphemeExtend, "Grapheme_Extend", "Gr_Ext";
        HexDigit, "Hex_Digit", "Hex";
        IdsBinaryOperator, "IDS_Binary_Operator", "IDSB";
        IdsTrinaryOperator, "IDS_Trinary_Operator", "IDST";
        IdContinue, "ID_Continue", "IDC";
        IdStart, "ID_Start", "IDS";
        Ideographic, "Ideographic", "Ideo";
        JoinControl, "Join_Control", "Join_C";
        LogicalOrderException, "Logical_Order_Exception", "LOE";
        Lowercase, "Lowercase", "Lower";
        Math, "Math", "Math";
        NoncharacterCodePoint, "Noncharacter_Code_Point", "NChar";
        PatternSyntax, "Pattern_Syntax", "Pat_Syn";
        PatternWhiteSpace, "Pattern_White_Space", "Pat_WS";
        QuotationMark, "Quotation_Mark", "QMark";
        Radical, "Radical", "Radical";
        RegionalIndicator, "Regional_Indicator", "RI";
        SentenceTerminal, "Sentence_Terminal", "STerm";
        SoftDotted, "Soft_Dotted", "SD";
        TerminalPunctuation, "Terminal_Punctuation", "Term";
        UnifiedIdeograph, "Unified_Ideograph", "UIdeo";
        Uppercase, "Uppercase", "Upper";
        VariationSelector, "Variation_Selector", "VS";
        WhiteSpace, "White_Space", "space";
        XidContinue, "XID_Continue", "XIDC";
        XidStart, "XID_Start", "XIDS";
    }
}

fn members(ranges: impl Iterator<Item = std::ops::RangeInclusive<u32>>) -> Vec<bool> {
    let mut members = vec![false; CODE_POINTS as usize];
    for range in ranges {
        members[*range.start() as usize..=*range.end() as usize].fill(true);
    }
    members
}

/// The code points at which membership changes, from "not a member" on.
#[must_use]
pub fn toggles(members: impl Iterator<Item = bool>) -> Vec<u32> {
    let mut inside = false;
    let mut toggles = Vec::new();
    for (c, member) in members.enumerate() {
        if member != inside {
            inside = member;
            toggles.push(c as u32);
        }
    }
    toggles
}

fn encode(toggles: &[u32]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut last = 0;
    for &toggle in toggles {
        push_varint(&mut bytes, toggle - last);
        last = toggle;
    }
    bytes
}

/// A property cut where it or the general category changes: start, category, membership.
type Segments = Vec<(u32, u8, bool)>;

fn segments(members: &[bool], categories: &[u8]) -> Segments {
    let mut segments: Segments = Vec::new();
    for (c, (&member, &category)) in members.iter().zip(categories).enumerate() {
        if segments.last().is_none_or(|last| (last.1, last.2) != (category, member)) {
            segments.push((c as u32, category, member));
        }
    }
    segments
}

/// The encoded list that is left of a property when a union of categories is taken off.
fn left_of(segments: &Segments, mask: u32) -> Vec<u8> {
    let mut inside = false;
    let mut list = Vec::new();
    for &(start, category, member) in segments {
        let differs = member ^ (mask >> category & 1 != 0);
        if differs != inside {
            inside = differs;
            list.push(start);
        }
    }
    encode(&list)
}

/// A union of categories that leaves a short list: starts from the categories that are members for
/// the most part, then flips single categories as long as that helps.
fn choose_mask(segments: &Segments) -> (u32, Vec<u8>) {
    let mut inside = [0i64; 30];
    for (index, &(start, category, member)) in segments.iter().enumerate() {
        let length = segments.get(index + 1).map_or(CODE_POINTS, |next| next.0) - start;
        inside[category as usize] += if member { i64::from(length) } else { -i64::from(length) };
    }
    let start = (0..30).filter(|&gc| inside[gc as usize] > 0).fold(0u32, |mask, gc| mask | 1 << gc);
    let mut best = [0, start].map(|mask| (mask, left_of(segments, mask)));
    for candidate in &mut best {
        loop {
            let better = (0..30)
                .map(|gc| candidate.0 ^ 1 << gc)
                .map(|mask| (mask, left_of(segments, mask)))
                .min_by_key(|(mask, list)| (list.len(), *mask))
                .expect("thirty candidates");
            if better.1.len() >= candidate.1.len() {
                break;
            }
            *candidate = better;
        }
    }
    best.into_iter().min_by_key(|(mask, list)| (list.len(), *mask)).expect("two candidates")
}

/// Writes the masks, bases, offsets and lists.
pub fn emit(out: &mut Emitter, categories: &[u8]) {
    let properties = properties();
    let alone: Vec<(u32, Vec<u8>)> =
        properties.iter().map(|property| choose_mask(&segments(&property.2, categories))).collect();
    let changes: Vec<Vec<u32>> =
        properties.iter().map(|property| toggles(property.2.iter().copied())).collect();
    // What would be left of property `index` if property `base` were taken off?
    let residue = |index: usize, base: usize| {
        let (a, b) = (&changes[index], &changes[base]);
        let mut list: Vec<u32> = a.iter().chain(b).copied().collect();
        list.sort_unstable();
        // A change that both have is none of the difference.
        let mut kept: Vec<u32> = Vec::new();
        for change in list {
            if kept.last() == Some(&change) {
                kept.pop();
            } else {
                kept.push(change);
            }
        }
        encode(&kept)
    };
    // Longest lists first: they are the bases of others, and a base has no base itself.
    let mut order: Vec<usize> = (0..properties.len()).collect();
    order.sort_by_key(|&index| std::cmp::Reverse(alone[index].1.len()));
    let mut chosen: Vec<(u32, u8, Vec<u8>)> =
        alone.iter().map(|(mask, list)| (*mask, NO_BASE, list.clone())).collect();
    for (rank, &index) in order.iter().enumerate() {
        for &base in &order[..rank] {
            if chosen[base].1 != NO_BASE {
                continue;
            }
            let list = residue(index, base);
            if list.len() < chosen[index].2.len() {
                chosen[index] = (chosen[base].0, base as u8, list);
            }
        }
    }
    let masks: Vec<u32> = chosen.iter().map(|c| c.0).collect();
    let bases: Vec<u8> = chosen.iter().map(|c| c.1).collect();
    let mut offsets = vec![0u16];
    let mut lists = Vec::new();
    for (_, _, list) in &chosen {
        lists.extend_from_slice(list);
        offsets.push(lists.len().try_into().expect("lists under 64 KiB"));
    }
    out.longs("Binary properties: the union of general categories to start from.", "BINARY_MASK", &masks);
    out.bytes("Binary properties: whose list to add, or 0xFF.", "BINARY_BASE", &bases);
    out.words("Binary properties: where each list starts, and the end.", "BINARY_OFFSET", &offsets);
    out.bytes("Binary properties: the lists of toggles.", "BINARY_LISTS", &lists);
    let names: Vec<String> = properties
        .iter()
        .map(|&(long, short, _)| if long == short { long.to_owned() } else { format!("{short},{long}") })
        .collect();
    out.text("Binary properties: names in the order of their numbers.", "BINARY_NAMES", &names.join(";"));
    emit_fast(out, &properties, categories);
}

/// Writes, for the properties that the lexer and the strings ask for, the union of categories and the
/// few toggles besides, as plain numbers that can be searched.
fn emit_fast(out: &mut Emitter, properties: &[Binary], categories: &[u8]) {
    use p::GeneralCategory as G;
    let identifiers = [id_mask(false), id_mask(true)];
    let cased = mask_of(&[G::UppercaseLetter, G::LowercaseLetter, G::TitlecaseLetter]);
    let ignorable =
        mask_of(&[G::NonspacingMark, G::EnclosingMark, G::Format, G::ModifierLetter, G::ModifierSymbol]);
    for (long, mask) in [
        ("ID_Start", identifiers[0]),
        ("ID_Continue", identifiers[1]),
        ("Cased", cased),
        ("Case_Ignorable", ignorable),
    ] {
        let property = properties.iter().find(|property| property.0 == long).expect("listed");
        let list = toggles(property.2.iter().zip(categories).map(|(m, &gc)| m ^ (mask >> gc & 1 != 0)));
        assert!(list.len() < 256, "{long}: {}", list.len());
        let name = long.to_uppercase();
        out.constant(
            &format!("{long}: its categories."),
            &format!("{name}_MASK"),
            "u32",
            &format!("{mask:#x}"),
        );
        if long.starts_with("ID_") {
            let word = |word: u32| {
                (0..32).fold(0u32, |bits, n| bits | u32::from(property.2[(word * 32 + n) as usize]) << n)
            };
            let bits: Vec<u32> = (0..64).map(word).collect();
            out.longs(
                &format!("{long}: a bit for each code point below U+0800."),
                &format!("{name}_BITS"),
                &bits,
            );
        }
        let doc = format!("{long} where general categories do not decide it, as toggles.");
        out.longs(&doc, &format!("{name}_EXCEPT"), &list);
    }
}

fn mask_of(list: &[p::GeneralCategory]) -> u32 {
    list.iter().fold(0u32, |mask, &gc| mask | 1 << gc as u8)
}

/// UAX #31: ID_Start is letters and Nl; ID_Continue adds Mn, Mc, Nd, Pc.
fn id_mask(continues: bool) -> u32 {
    use p::GeneralCategory as G;
    let start = [
        G::UppercaseLetter,
        G::LowercaseLetter,
        G::TitlecaseLetter,
        G::ModifierLetter,
        G::OtherLetter,
        G::LetterNumber,
    ];
    let more = [G::NonspacingMark, G::SpacingMark, G::DecimalNumber, G::ConnectorPunctuation];
    mask_of(&start) | if continues { mask_of(&more) } else { 0 }
}
