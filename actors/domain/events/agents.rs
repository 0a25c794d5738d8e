//! What user agents have in them: the tables that `agent.rs` reads by. Names and order are those of
//! the library of the original, so that dashboards go on; agents name several browsers and systems,
//! and the first row that is found counts. Markers are in lower case, and letter case does not
//! matter.

/// One browser by one of its markers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Browser {
    pub(super) marker: &'static str,
    pub(super) place: Place,
    pub(super) name: &'static str,
    pub(super) version: Version,
}

/// One operating system by one of its markers.
#[derive(Debug, Clone, Copy)]
pub(super) struct System {
    pub(super) marker: &'static str,
    pub(super) place: Place,
    pub(super) name: &'static str,
    pub(super) release: Release,
}

/// Where a marker counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Anywhere,
    /// At the begin of a word.
    Word,
    /// Behind a blank, with nothing but its version to the end of the agent.
    End,
    /// With a version behind it.
    Numbered,
    /// Not behind `like `, which says that it is another one.
    NotLike,
    /// In these letters: upper and lower case.
    Spelled(&'static str),
}

/// Where the version of a browser is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    /// Behind the marker, else behind `Version/`.
    Marker,
    /// Behind `Version/`, else behind the marker.
    Common,
    /// Behind the marker only.
    MarkerOnly,
    /// Behind `Version/` only.
    CommonOnly,
    /// Behind one of these.
    Behind(&'static [&'static str]),
    /// Not told.
    Unknown,
}

/// Where the version of an operating system is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Release {
    /// `NT 10.0`, behind `Windows `.
    Windows,
    /// Behind `Mac OS X`.
    Mac,
    /// Between `OS` and `like Mac OS X`.
    Ios,
    /// Behind the marker.
    Marker,
    /// Always this one.
    Only(&'static str),
    /// Not told.
    Unknown,
}

const fn own(marker: &'static str, name: &'static str) -> Browser {
    Browser { marker, place: Place::Anywhere, name, version: Version::Marker }
}

const fn unnumbered(marker: &'static str, name: &'static str) -> Browser {
    Browser { marker, place: Place::Anywhere, name, version: Version::Unknown }
}

const fn own_only(marker: &'static str, name: &'static str) -> Browser {
    Browser { marker, place: Place::Anywhere, name, version: Version::MarkerOnly }
}

const fn common(marker: &'static str, name: &'static str) -> Browser {
    Browser { marker, place: Place::Anywhere, name, version: Version::Common }
}

const fn common_only(marker: &'static str, name: &'static str) -> Browser {
    Browser { marker, place: Place::Anywhere, name, version: Version::CommonOnly }
}

const fn at(place: Place, browser: Browser) -> Browser {
    Browser { place, ..browser }
}

const fn behind(texts: &'static [&'static str], browser: Browser) -> Browser {
    Browser { version: Version::Behind(texts), ..browser }
}

/// Internet Explorer says its version in one of two ways.
const EXPLORER: &[&str] = &["msie ", "rv:"];

/// Sogou says its own version on phones only.
const SOGOU: &[&str] = &["sogoumobilebrowser/", "chrome/"];

/// The first row that is found counts.
pub(super) const BROWSERS: [Browser; 84] = [
    own("gptbot", "GPTBot"),
    own("chatgpt-user", "ChatGPT-User"),
    own("oai-searchbot", "OAI-SearchBot"),
    own("claudebot", "ClaudeBot"),
    own("claude-user", "ClaudeBot"),
    own("perplexitybot", "PerplexityBot"),
    own("perplexity-user", "Perplexity-User"),
    own("meta-externalagent", "Meta-ExternalAgent"),
    own("meta-externalfetcher", "Meta-ExternalFetcher"),
    own("googlebot", "Googlebot"),
    own("linespider", "Linespider"),
    own("amazonbot", "AmazonBot"),
    own("bingbot", "BingCrawler"),
    own("baiduspider", "BaiduSpider"),
    own("duckduckbot", "DuckDuckBot"),
    own("ia_archiver", "InternetArchiveCrawler"),
    unnumbered("facebookexternalhit", "FacebookExternalHit"),
    own("slackbot-linkexpanding", "SlackBot"),
    own("slackbot", "SlackBot"),
    own("slack-imgproxy", "SlackBot"),
    unnumbered("yandexbot", "YandexBot"),
    unnumbered("yandexmobilebot", "YandexBot"),
    unnumbered("pingdom", "PingdomBot"),
    common("opera", "Opera"),
    own("opr/", "Opera"),
    own("opios", "Opera"),
    common("samsungbrowser", "Samsung Internet for Android"),
    common("whale", "NAVER Whale Browser"),
    common("palemoon", "Pale Moon"),
    own("mzbrowser", "MZ Browser"),
    own("focus", "Focus"),
    own("swing", "Swing"),
    common("coast", "Opera Coast"),
    at(Place::Numbered, own("opt/", "Opera Touch")),
    own("yabrowser", "Yandex Browser"),
    common("ucbrowser", "UC Browser"),
    common("maxthon", "Maxthon"),
    common("mxios", "Maxthon"),
    common("epiphany", "Epiphany"),
    common("puffin", "Puffin"),
    common("sleipnir", "Sleipnir"),
    common("k-meleon", "K-Meleon"),
    own("micromessenger", "WeChat"),
    own("qqbrowserlite", "QQ Browser Lite"),
    own("qqbrowser", "QQ Browser"),
    behind(EXPLORER, own_only("msie", "Internet Explorer")),
    behind(EXPLORER, own_only("trident", "Internet Explorer")),
    own_only(" edg/", "Microsoft Edge"),
    own_only("edge", "Microsoft Edge"),
    own_only("edga", "Microsoft Edge"),
    own_only("edgios", "Microsoft Edge"),
    own_only("vivaldi", "Vivaldi"),
    own_only("seamonkey", "SeaMonkey"),
    behind(&["sailfishbrowser/"], own_only("sailfish", "Sailfish")),
    own_only("silk", "Amazon Silk"),
    behind(&["phantomjs/"], own_only("phantom", "PhantomJS")),
    own_only("slimerjs", "SlimerJS"),
    common_only("blackberry", "BlackBerry"),
    at(Place::Word, common_only("bb10", "BlackBerry")),
    common_only("rim tablet", "BlackBerry"),
    common_only("webos", "WebOS Browser"),
    common_only("web0s", "WebOS Browser"),
    common_only("hpwos", "WebOS Browser"),
    behind(&["dolfin/"], own_only("bada", "Bada")),
    behind(&["browser/", "version/"], own_only("tizen", "Tizen")),
    own("qupzilla", "QupZilla"),
    own_only("librewolf", "LibreWolf"),
    own_only("firefox", "Firefox"),
    own_only("iceweasel", "Firefox"),
    own_only("fxios", "Firefox"),
    own_only("electron", "Electron"),
    behind(SOGOU, own_only("sogoumobilebrowser", "Sogou Browser")),
    behind(SOGOU, own_only("metasr", "Sogou Browser")),
    own_only("miuibrowser", "Miui"),
    at(Place::End, own_only("ddg/", "DuckDuckGo")),
    own("chromium", "Chromium"),
    own_only("chrome", "Chrome"),
    own_only("crios", "Chrome"),
    own_only("crmo", "Chrome"),
    own_only("gsa", "Google Search"),
    at(Place::NotLike, common_only("android", "Android Browser")),
    common_only("playstation 4", "PlayStation 4"),
    common_only("safari", "Safari"),
    common_only("applewebkit", "Safari"),
];

const fn system(marker: &'static str, name: &'static str, release: Release) -> System {
    System { marker, place: Place::Anywhere, name, release }
}

/// The first row that is found counts.
pub(super) const SYSTEMS: [System; 21] = [
    system("roku/dvp-", "Roku", Release::Marker),
    system("windows phone os", "Windows Phone", Release::Marker),
    system("windows phone", "Windows Phone", Release::Marker),
    system("windows ", "Windows", Release::Windows),
    system("macintosh", "macOS", Release::Mac),
    system("ipod", "iOS", Release::Ios),
    system("iphone", "iOS", Release::Ios),
    system("ipad", "iOS", Release::Ios),
    system("openharmony", "HarmonyOS", Release::Marker),
    System { place: Place::NotLike, ..system("android", "Android", Release::Marker) },
    system("webos", "WebOS", Release::Marker),
    system("web0s", "WebOS", Release::Marker),
    system("hpwos", "WebOS", Release::Marker),
    system("blackberry", "BlackBerry", Release::Unknown),
    System { place: Place::Word, ..system("bb10", "BlackBerry", Release::Only("10")) },
    system("rim tablet os", "BlackBerry", Release::Marker),
    system("bada", "Bada", Release::Marker),
    system("tizen", "Tizen", Release::Marker),
    system("linux", "Linux", Release::Unknown),
    System { place: Place::Spelled("CrOS"), ..system("cros", "Chrome OS", Release::Unknown) },
    system("playstation 4", "PlayStation 4", Release::Marker),
];
