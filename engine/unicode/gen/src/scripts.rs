//! Script and Script_Extensions: a run table of scripts, and the stretches whose extensions are not
//! just their script.

use std::collections::BTreeMap;

use icu_properties::props::Script;
use icu_properties::script::ScriptWithExtensions;
use icu_properties::{CodePointMapData, PropertyNamesLong, PropertyNamesShort, PropertyParser};

use crate::CODE_POINTS;
use crate::emit::Emitter;
use crate::runs::{self, push_varint};

/// Names that PropertyValueAliases.txt gives beyond a short and a long one.
const THIRD_NAMES: [(&str, &str); 2] = [("Copt", "Qaac"), ("Zinh", "Qaai")];

/// Writes the names, the run table and the extensions.
pub fn emit(out: &mut Emitter) {
    let map = CodePointMapData::<Script>::new();
    let (long, short) = (PropertyNamesLong::<Script>::new(), PropertyNamesShort::<Script>::new());
    let parser = PropertyParser::<Script>::new();
    // Numbered in the order of their short names. Hrkt has a name but no members.
    let mut scripts: BTreeMap<&str, Script> = BTreeMap::new();
    for script in (0..CODE_POINTS).map(|c| map.get32(c)).chain(parser.get_strict("Hrkt")) {
        scripts.insert(short.get(script).expect("a name"), script);
    }
    let number: BTreeMap<Script, u8> =
        scripts.values().enumerate().map(|(index, &script)| (script, index as u8)).collect();
    let names: Vec<String> = scripts
        .iter()
        .map(|(short, &script)| {
            let mut names = (*short).to_owned();
            let long = long.get(script).expect("a name");
            if long != *short {
                names = format!("{names},{long}");
            }
            for (of, third) in THIRD_NAMES {
                if of == *short {
                    assert_eq!(parser.get_strict(third), Some(script));
                    names = format!("{names},{third}");
                }
            }
            names
        })
        .collect();
    out.text("Scripts: names in the order of their numbers.", "SCRIPT_NAMES", &names.join(";"));

    let values: Vec<u8> = (0..CODE_POINTS).map(|c| number[&map.get32(c)]).collect();
    runs::emit(out, "SCRIPT", "Script", &runs::cut(&values, |_| false));

    let extensions = ScriptWithExtensions::new();
    let sets: Vec<Vec<u8>> = (0..CODE_POINTS)
        .map(|c| {
            let mut set: Vec<u8> =
                extensions.get_script_extensions_val32(c).iter().map(|script| number[&script]).collect();
            set.sort_unstable();
            set
        })
        .collect();
    let mut index: BTreeMap<&[u8], u8> = BTreeMap::new();
    let mut encoded_sets: Vec<u8> = Vec::new();
    let mut offsets: Vec<u16> = vec![0];
    let mut stretches = Vec::new();
    let (mut c, mut last) = (0, 0);
    while c < CODE_POINTS as usize {
        let (start, set, script) = (c, &sets[c], values[c]);
        while c < CODE_POINTS as usize && sets[c] == *set && values[c] == script {
            c += 1;
        }
        if *set == [script] {
            continue;
        }
        let next = u8::try_from(index.len()).expect("at most 256 sets");
        let set_index = *index.entry(set).or_insert_with(|| {
            encoded_sets.extend(set);
            offsets.push(encoded_sets.len() as u16);
            next
        });
        push_varint(&mut stretches, start as u32 - last);
        push_varint(&mut stretches, (c - start) as u32);
        stretches.push(set_index);
        last = c as u32;
    }
    out.bytes("Script_Extensions: the sets, one behind the other.", "SCX_SETS", &encoded_sets);
    out.words("Script_Extensions: where each set starts, and the end.", "SCX_OFFSET", &offsets);
    out.bytes(
        "Script_Extensions: stretches of one script whose set is not that script alone: gap, length, set.",
        "SCX_STRETCHES",
        &stretches,
    );
}
