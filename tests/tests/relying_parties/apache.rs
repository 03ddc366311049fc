//! Debian's Apache with mod_auth_openidc, under the configuration of `deploy/`.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use countersign_tests::browser::{Browser, Looks};
use countersign_tests::neighbour::{Neighbour, free_port};

use crate::place::{App, LOGIN, Place, enable_on_the_way, file, sign_in, type_code};

/// What the site says of whoever comes: as the module told the server.
const PAGE: &str = "<!doctype html><title>Intranet</title>
    <h1 id='where'>NAME</h1><p id='who'><!--#echo var='REMOTE_USER' --></p>
    <p id='login'><!--#echo var='OIDC_CLAIM_preferred_username' --></p>
    <p id='acr'><!--#echo var='OIDC_CLAIM_acr' --></p>";

/// Apache in front of a site of three pages.
fn apache(place: &Place, app: &App, port: u16) -> Neighbour {
    let root = place.dir.path().join("apache");
    for (name, page) in [("", "the site"), ("vault", "the vault"), ("signed-out", "signed out")] {
        let directory = root.join("htdocs").join(name);
        fs::create_dir_all(&directory).unwrap();
        fs::write(directory.join("index.shtml"), PAGE.replace("NAME", page)).unwrap();
    }
    // Started by root it serves as somebody else, who has to get there.
    for directory in [place.dir.path(), &root] {
        fs::set_permissions(directory, Permissions::from_mode(0o755)).unwrap();
    }
    start(&root, place, app, port)
}

fn start(root: &Path, place: &Place, app: &App, port: u16) -> Neighbour {
    let mut command = Command::new("/usr/sbin/apache2");
    command.arg("-f").arg(file("tests/external/httpd.conf")).args(["-D", "FOREGROUND"]);
    command.env("PLACE", root).env("PORT", port.to_string());
    command.env("COUNTERSIGN_CONF", file("deploy/apache-openidc.conf"));
    command.env("COUNTERSIGN_ISSUER", place.issuer());
    command.env("COUNTERSIGN_SITE", format!("http://localhost:{port}"));
    command.env("COUNTERSIGN_CLIENT_ID", &app.id).env("COUNTERSIGN_CLIENT_SECRET", &app.key);
    command.env("COUNTERSIGN_PASSPHRASE", "only for a test");
    Neighbour::start(&mut command, "resuming normal operations").unwrap()
}

/// A site with no code of its own gets password and second factor: somebody comes in with a
/// password, enables 2FA where the site asks for two factors, signs out, and comes in with both.
#[tokio::test]
async fn sr_132_mod_auth_openidc_signs_somebody_in_and_asks_for_more_where_more_is_needed() {
    let place = Place::new();
    let port = free_port().unwrap();
    let site = format!("http://localhost:{port}");
    let (back, left) = (format!("{site}/countersign/callback"), format!("{site}/signed-out/"));
    let app = place.add_app("Intranet", &back, &left, &[]);
    let account = place.register();
    let _apache = apache(&place, &app, port);
    let browser = Browser::open(&site, Looks::DESK).await.unwrap();

    browser.go("/").await.unwrap();
    browser.reads("#for-app", "Sign in to go on to Intranet").await.unwrap();
    sign_in(&browser).await;
    browser.reads("#where", "the site").await.unwrap();
    assert_eq!(browser.text("#who").await.unwrap(), account);
    assert_eq!(browser.text("#login").await.unwrap(), LOGIN);
    assert_eq!(browser.text("#acr").await.unwrap(), "urn:countersign:acr:password");

    browser.go("/vault/").await.unwrap();
    let phone = enable_on_the_way(&browser, "Intranet").await;
    browser.reads("#where", "the vault").await.unwrap();
    assert_eq!(browser.text("#acr").await.unwrap(), "urn:countersign:acr:two_factor");
    assert_eq!(browser.text("#who").await.unwrap(), account);

    let left = left.replace(':', "%3A").replace('/', "%2F");
    browser.go(&format!("/countersign/callback?logout={left}")).await.unwrap();
    browser.reads("#question", "Sign out?").await.unwrap();
    browser.click("#end-form [type=submit]").await.unwrap();
    browser.reads("#where", "signed out").await.unwrap();

    browser.go("/vault/").await.unwrap();
    sign_in(&browser).await;
    type_code(&browser, &phone).await;
    browser.reads("#where", "the vault").await.unwrap();
    assert_eq!(browser.text("#acr").await.unwrap(), "urn:countersign:acr:two_factor");
    browser.close().await.unwrap();
}
