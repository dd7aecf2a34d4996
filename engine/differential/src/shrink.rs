//! Makes a program smaller while it keeps a property: pieces are taken away from its tree of brackets.

/// A token, or the white space before it, never looked into.
fn tokens(text: &str) -> Vec<&str> {
    let bytes = text.as_bytes();
    let mut found: Vec<&str> = Vec::new();
    let mut at = 0;
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || byte >= 0x80;
    while at < bytes.len() {
        let start = at;
        match bytes[at] {
            quote @ (b'"' | b'\'') => {
                at += 1;
                while at < bytes.len() && bytes[at] != quote && bytes[at] != b'\n' {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
                at += 1;
            }
            byte if word(byte) => {
                while at < bytes.len() && word(bytes[at]) {
                    at += 1;
                }
            }
            byte if byte.is_ascii_whitespace() => {
                while at < bytes.len() && bytes[at].is_ascii_whitespace() {
                    at += 1;
                }
            }
            _ => {
                at += 1;
                for three in ["...", "=>", "**", "&&", "||", "??", "?.", "++", "--", "===", "!==", "=="] {
                    if text[start..].starts_with(three) {
                        at = start + three.len();
                        break;
                    }
                }
            }
        }
        let mut end = at.min(bytes.len());
        while !text.is_char_boundary(end) {
            end += 1;
        }
        at = end;
        found.push(&text[start..end]);
    }
    found
}

/// For each opening bracket, where it closes.
fn partners(tokens: &[&str]) -> Vec<usize> {
    let mut partner = vec![usize::MAX; tokens.len()];
    let mut open = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        match *token {
            "(" | "[" | "{" => open.push(at),
            ")" | "]" | "}" => {
                if let Some(start) = open.pop() {
                    partner[start] = at;
                    partner[at] = start;
                }
            }
            _ => {}
        }
    }
    partner
}

/// The ranges of tokens that may be taken away, the largest first; those of `unwrap` keep what is inside.
fn candidates(tokens: &[&str]) -> Vec<(usize, usize, bool)> {
    let partner = partners(tokens);
    let mut ranges = Vec::new();
    // Statements and list items: what stands between separators of one level.
    let mut starts = vec![vec![0usize]];
    for (at, token) in tokens.iter().enumerate() {
        let newline = token.contains('\n');
        match *token {
            "(" | "[" | "{" => {
                if partner[at] != usize::MAX {
                    ranges.push((at, partner[at] + 1, false));
                    ranges.push((at, partner[at] + 1, true));
                    if partner[at] > at + 1 {
                        ranges.push((at + 1, partner[at], false));
                    }
                }
                starts.push(vec![at + 1]);
            }
            ")" | "]" | "}" => {
                if let Some(level) = starts.pop() {
                    for start in level {
                        ranges.push((start, at, false));
                    }
                }
                if starts.is_empty() {
                    starts.push(Vec::new());
                }
                if *token == "}" {
                    end_item(&mut starts, &mut ranges, at + 1);
                }
            }
            ";" | "," => end_item(&mut starts, &mut ranges, at + 1),
            _ if newline => end_item(&mut starts, &mut ranges, at),
            _ => {}
        }
    }
    for width in [1, 2, 3, 4, 5] {
        ranges.extend((0..tokens.len().saturating_sub(width - 1)).map(|at| (at, at + width, false)));
    }
    ranges.retain(|(start, end, _)| start < end && *end <= tokens.len());
    ranges.sort_by_key(|(start, end, unwrap)| (std::cmp::Reverse(end - start), *start, *unwrap));
    ranges.dedup();
    ranges
}

fn end_item(starts: &mut [Vec<usize>], ranges: &mut Vec<(usize, usize, bool)>, at: usize) {
    if let Some(level) = starts.last_mut() {
        // Runs of 1, 2, 4, ... items that end here.
        let mut back = 1;
        while back <= level.len() {
            ranges.push((level[level.len() - back], at, false));
            back *= 2;
        }
        level.push(at);
    }
}

/// Shrinks `text` while `keeps` holds, asking it at most `tries` times.
pub fn shrink(text: &str, tries: usize, keeps: &mut dyn FnMut(&str) -> bool) -> String {
    let mut best = text.to_string();
    let mut left = tries;
    loop {
        let tokens = tokens(&best);
        let mut smaller = None;
        let ranges = candidates(&tokens);
        for (start, end, unwrap) in ranges {
            let kept = if unwrap { tokens[start + 1..end - 1].concat() } else { String::new() };
            let candidate = tokens[..start].concat() + &kept + &tokens[end..].concat();
            if candidate.len() >= best.len() {
                continue;
            }
            if left == 0 {
                return best;
            }
            left -= 1;
            if keeps(&candidate) {
                smaller = Some(candidate);
                break;
            }
        }
        match smaller {
            Some(text) => best = text,
            None => return best,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_matters_is_left() {
        let text = "function f(a, b) {\n  let x = [1, 2, { bad: 'quoted ) text' }];\n  if (a) { return x; }\n}\nf(1);\n";
        let small = shrink(text, 10_000, &mut |text| text.contains("bad"));
        assert_eq!(small, "bad");
        let small = shrink(text, 10_000, &mut |text| text.contains("return") && text.contains("1)"));
        assert!(small.len() < 12, "{small}");
    }

    #[test]
    fn a_program_that_cannot_shrink_stays() {
        assert_eq!(shrink("a(b", 100, &mut |text| text == "a(b"), "a(b");
    }
}
