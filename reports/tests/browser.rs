//! The page in a real browser: pointed at, clicked, narrow, dark and printed. Chromium is looked
//! for in the PATH and in the variable `CHROMIUM`; without one the test says that it is skipped.
//! `SHOTS=DIR cargo test -p tare-reports --test browser` also writes pictures to look at.

mod common;

use serde_json::{Value, json};
use std::fs::File;
use std::io::{BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// A browser that hangs is not waited for longer than this.
const PATIENCE: Duration = Duration::from_secs(60);

fn browser() -> Option<PathBuf> {
    let named = std::env::var_os("CHROMIUM").map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let names = ["chromium", "chromium-browser", "google-chrome", "chrome"];
    let found = std::env::split_paths(&path).flat_map(|d| names.map(|n| d.join(n))).find(|p| p.is_file());
    named.or(found)
}

/// A browser that is driven by messages over two pipes.
struct Page {
    child: Child,
    to: File,
    from: Receiver<Value>,
    session: Option<String>,
    number: u64,
}

impl Page {
    /// Starts the browser with an empty page. The pipes are files of the kind `mkfifo` makes,
    /// which a shell opens as the descriptors 3 and 4 that the browser expects.
    fn open(program: &Path, directory: &Path) -> Page {
        let (down, up) = (directory.join("down"), directory.join("up"));
        for pipe in [&down, &up] {
            let _ = std::fs::remove_file(pipe);
            assert!(Command::new("mkfifo").arg(pipe).status().unwrap().success());
        }
        let mut child = Command::new("sh")
            .args(["-c", "exec 3<down 4>up; exec \"$0\" \"$@\""])
            .arg(program)
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
            .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
            .args(["--remote-debugging-pipe", "about:blank"])
            .arg(format!("--user-data-dir={}", directory.join("profile").display()))
            .current_dir(directory)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let to = File::options().write(true).open(&down).unwrap();
        let mut reader = BufReader::new(File::open(&up).unwrap());
        let (send, from) = channel();
        std::thread::spawn(move || {
            let mut message = Vec::new();
            let mut byte = [0u8];
            // A message ends with a zero.
            while reader.read_exact(&mut byte).is_ok() {
                if byte[0] != 0 {
                    message.push(byte[0]);
                } else if send.send(serde_json::from_slice(&message).unwrap_or(Value::Null)).is_err() {
                    break;
                } else {
                    message.clear();
                }
            }
        });
        assert!(child.try_wait().unwrap().is_none(), "{} ended at once", program.display());
        let mut page = Page { child, to, from, session: None, number: 0 };
        let target = page.ask("Target.createTarget", json!({"url": "about:blank"}))["targetId"].clone();
        let attached = page.ask("Target.attachToTarget", json!({"targetId": target, "flatten": true}));
        page.session = attached["sessionId"].as_str().map(String::from);
        page.ask("Page.enable", json!({}));
        page
    }

    fn send(&mut self, method: &str, parameters: Value) -> u64 {
        self.number += 1;
        let mut message = json!({"id": self.number, "method": method, "params": parameters});
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        self.to.write_all(format!("{message}\0").as_bytes()).unwrap();
        self.number
    }

    fn wait(&mut self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let message =
                self.from.recv_timeout(PATIENCE).unwrap_or_else(|e| panic!("no answer to {what}: {e}"));
            if wanted(&message) {
                return message;
            }
        }
    }

    fn ask(&mut self, method: &str, parameters: Value) -> Value {
        let id = self.send(method, parameters);
        let answer = self.wait(method, |m| m["id"] == id);
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].clone()
    }

    fn go(&mut self, file: &Path) {
        self.send("Page.navigate", json!({"url": format!("file://{}", file.display())}));
        self.wait("the page", |m| m["method"] == "Page.loadEventFired");
    }

    /// The value of an expression in the page.
    fn value(&mut self, expression: &str) -> Value {
        let answer = self.ask("Runtime.evaluate", json!({"expression": expression, "returnByValue": true}));
        assert!(answer.get("exceptionDetails").is_none(), "{expression}: {answer}");
        answer["result"]["value"].clone()
    }

    fn width(&mut self, width: u32) {
        let metrics = json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false});
        self.ask("Emulation.setDeviceMetricsOverride", metrics);
    }

    fn media(&mut self, media: &str, scheme: &str) {
        let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        self.ask("Emulation.setEmulatedMedia", json!({"media": media, "features": features}));
    }

    /// Brings an element into view and returns its middle.
    fn middle(&mut self, element: &str) -> (f64, f64) {
        let at = self.value(&format!(
            "(() => {{ const e = {element}; e.scrollIntoView({{block: 'center'}}); const b = e.getBoundingClientRect(); \
             return [b.x + b.width / 2, b.y + b.height / 2]; }})()"
        ));
        (at[0].as_f64().unwrap(), at[1].as_f64().unwrap())
    }

    fn mouse(&mut self, kind: &str, at: (f64, f64)) {
        let button = if kind == "mouseMoved" { "none" } else { "left" };
        let event = json!({"type": kind, "x": at.0, "y": at.1, "button": button, "clickCount": 1});
        self.ask("Input.dispatchMouseEvent", event);
    }

    fn click(&mut self, at: (f64, f64)) {
        for kind in ["mouseMoved", "mousePressed", "mouseReleased"] {
            self.mouse(kind, at);
        }
    }

    /// Pictures of the page, part by part. They change the view, so they come last.
    fn shot(&mut self, name: &str) {
        let Some(directory) = std::env::var_os("SHOTS").map(PathBuf::from) else { return };
        std::fs::create_dir_all(&directory).unwrap();
        let height = self.value("document.documentElement.scrollHeight").as_f64().unwrap();
        let width = self.value("innerWidth").as_f64().unwrap();
        for part in 0..(height / 1600.0).ceil() as u32 {
            let y = 1600.0 * f64::from(part);
            let clip =
                json!({"x": 0, "y": y, "width": width, "height": (height - y).min(1600.0), "scale": 1});
            let picture =
                self.ask("Page.captureScreenshot", json!({"captureBeyondViewport": true, "clip": clip}));
            let bytes = from_base64(picture["data"].as_str().unwrap());
            std::fs::write(directory.join(format!("{name}-{part}.png")), bytes).unwrap();
        }
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn from_base64(text: &str) -> Vec<u8> {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let values: Vec<u32> =
        text.bytes().filter_map(|c| alphabet.iter().position(|a| *a == c)).map(|v| v as u32).collect();
    let whole = |chunk: &[u32]| {
        let bits = chunk.iter().fold(0, |bits, v| bits << 6 | v) << (6 * (4 - chunk.len()));
        bits.to_be_bytes()[1..chunk.len()].to_vec()
    };
    values.chunks(4).flat_map(whole).collect()
}

/// Texts of visible drawings that leave their drawing, or that lie over each other.
const BROKEN_TEXTS: &str = "(() => {
  const broken = [];
  for (const svg of document.querySelectorAll('figure svg')) {
    const frame = svg.getBoundingClientRect();
    if (frame.width === 0) continue;
    const name = svg.closest('figure').id;
    const texts = [...svg.querySelectorAll('text')].map((t) => [t.textContent.trim(), t.getBoundingClientRect()]);
    for (const [text, b] of texts)
      if (b.left < frame.left - 2 || b.right > frame.right + 2 || b.top < frame.top - 2 || b.bottom > frame.bottom + 2)
        broken.push(`${name}: cut: ${text}`);
    texts.forEach(([one, a], i) => texts.slice(i + 1).forEach(([other, b]) => {
      const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (wide > 2 && high > 4) broken.push(`${name}: over each other: ${one} | ${other}`);
    }));
  }
  return broken;
})()";

/// The made-up records, with the long names that stacks of allocators have.
fn page(directory: &Path) -> PathBuf {
    let mut records = common::records();
    for record in &mut records {
        if record.sample.allocator == "jemalloc" {
            record.sample.allocator = "limit(64M, counting(jemalloc))".into();
        }
    }
    tare_reports::build(&records).unwrap().write(directory).unwrap()
}

#[test]
fn the_page_works_in_a_browser() {
    let Some(program) = browser() else {
        println!("skipped: no chromium in the PATH and none named by CHROMIUM, so the page was not tried");
        return;
    };
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("browser");
    let _ = std::fs::remove_dir_all(&directory);
    std::fs::create_dir_all(&directory).unwrap();
    let file = page(&directory);
    let mut page = Page::open(&program, &directory);
    for (width, scheme) in [(1280, "light"), (400, "light"), (1280, "dark"), (400, "dark")] {
        page.width(width);
        page.media("screen", scheme);
        page.go(&file);
        let overflow = page.value("document.documentElement.scrollWidth - innerWidth");
        assert!(overflow.as_f64().unwrap() <= 0.0, "at {width} the page is {overflow} pixels too wide");
        let broken = page.value(BROKEN_TEXTS);
        assert_eq!(broken, json!([]), "at {width}");
        let ground = page.value("getComputedStyle(document.body).backgroundColor");
        let dark = ground.as_str().unwrap().trim_start_matches("rgb(").starts_with("20");
        assert_eq!(dark, scheme == "dark", "{ground}");
        pointing(&mut page);
        choosing(&mut page);
        page.shot(&format!("{width}-{scheme}"));
    }
    // Printed, also from the dark theme: light ground, and no table wider than the paper (A4 across
    // less its margins, at 96 dots an inch).
    page.width(1031);
    page.media("print", "dark");
    page.go(&file);
    page.shot("print");
    assert_eq!(page.value("getComputedStyle(document.body).backgroundColor"), "rgb(255, 255, 255)");
    assert_eq!(page.value("getComputedStyle(document.querySelector('nav')).display"), "none");
    let clipped = "[...document.querySelectorAll('table')].map((t) => \
                   t.getBoundingClientRect().right - document.documentElement.clientWidth).filter((d) => d > 1)";
    assert_eq!(page.value(clipped), json!([]), "tables are cut in print");
    assert_eq!(page.value(BROKEN_TEXTS), json!([]), "in print");
}

fn visible(figure: &str, selector: &str) -> String {
    format!(
        "[...document.querySelectorAll('#{figure} {selector}')].find((e) => e.getBoundingClientRect().width > 0)"
    )
}

fn pointing(page: &mut Page) {
    assert_eq!(page.value("document.getElementById('tip').hidden"), true);
    for (figure, part) in
        [("peak-memory-tare", " to "), ("trade-off-tare", "time: "), ("heat-time-tare", "blocks")]
    {
        let spot = visible(figure, &format!(".spot[data-tip*=\"{part}\"]"));
        let at = page.middle(&spot);
        page.mouse("mouseMoved", at);
        let said = page
            .value("document.getElementById('tip').hidden ? '' : document.getElementById('tip').textContent");
        assert!(said.as_str().unwrap().contains(part), "{figure}: the tip says {said}");
        assert!(said.as_str().unwrap().contains('['), "{figure}: no interval in {said}");
        let inside = "(() => { const b = document.getElementById('tip').getBoundingClientRect(); \
                      return b.left >= 0 && b.right <= innerWidth; })()";
        assert_eq!(page.value(inside), true, "{figure}: the tip is outside of the page");
    }
    page.mouse("mouseMoved", (1.0, 1.0));
}

fn choosing(page: &mut Page) {
    let rows =
        "[...document.querySelectorAll('#figures-table tbody tr')].filter((r) => r.offsetParent !== null)";
    let all = page.value(&format!("{rows}.length")).as_u64().unwrap();
    let at = page.middle(&visible("heat-time-tare", ".spot[data-w=\"json-round-trip\"]"));
    page.click(at);
    let shown = page.value(&format!("[...new Set({rows}.map((r) => r.dataset.w))]"));
    assert_eq!(shown, json!(["json-round-trip"]));
    let veiled = page
        .value("[...document.querySelectorAll('.veil.on')].some((v) => v.dataset.w === 'json-round-trip')");
    assert_eq!(veiled, false, "the chosen workload is veiled");
    assert!(page.value("document.querySelectorAll('.veil.on').length").as_u64().unwrap() > 10);
    assert_eq!(page.value("document.getElementById('workload').value"), "json-round-trip");
    let at = page.middle(&visible("heat-time-tare", ".spot[data-w=\"json-round-trip\"]"));
    page.click(at);
    assert_eq!(page.value(&format!("{rows}.length")), all, "a second click shows all again");
    page.value("(() => { const s = document.getElementById('workload'); s.value = 'closures'; s.dispatchEvent(new Event('change')); })()");
    assert_eq!(page.value(&format!("[...new Set({rows}.map((r) => r.dataset.w))]")), json!(["closures"]));
    page.value("(() => { const s = document.getElementById('workload'); s.value = ''; s.dispatchEvent(new Event('change')); })()");
    page.mouse("mouseMoved", (1.0, 1.0));
}
