//! Debian's nginx with `auth_request`, under the configuration of `deploy/`: a static site that
//! knows nothing of signing in.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use countersign_tests::browser::{Browser, Looks};
use countersign_tests::neighbour::{Neighbour, free_port};

use crate::place::{Place, enable_on_the_way, file, sign_in};

fn nginx(place: &Place, port: u16) -> Neighbour {
    let root = place.dir.path().join("nginx");
    for (path, name) in [("", "whole"), ("open", "open")] {
        let directory = root.join("html").join(path);
        fs::create_dir_all(&directory).unwrap();
        let page = format!("<!doctype html><title>Wiki</title><h1>the {name} wiki</h1>");
        fs::write(directory.join("index.html"), page).unwrap();
    }
    // Started by root its workers are somebody else, who has to get there.
    for directory in [place.dir.path(), &root] {
        fs::set_permissions(directory, Permissions::from_mode(0o755)).unwrap();
    }
    let public = place.issuer().replace("http://", "");
    let (place, deploy) = (root.display(), file("deploy"));
    let deploy = deploy.display();
    let temp = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {place}/{kind};"))
        .join(" ");
    let conf = format!(
        "daemon off; pid {place}/pid; error_log stderr notice; events {{}}
        http {{ access_log off; {temp} types {{ text/html html; }}
          upstream countersign {{ server {public}; keepalive 4; }}
          server {{ listen 127.0.0.1:{port}; root {place}/html; set $countersign_host {public};
            set $countersign_site localhost:{port};
            include {deploy}/nginx-forward-auth.conf;
            location / {{ auth_request /_countersign/two_factor;
                          include {deploy}/nginx-protected-location.conf; }}
            location /open/ {{ auth_request /_countersign/password;
                               include {deploy}/nginx-protected-location.conf; }} }} }}"
    );
    fs::write(root.join("nginx.conf"), conf).unwrap();
    let mut command = Command::new("/usr/sbin/nginx");
    command.arg("-c").arg(root.join("nginx.conf"));
    Neighbour::start(&mut command, "start worker process ").unwrap()
}

/// SR-132: a password opens what asks for no more; 2FA is enabled on the way to what does. What a
/// browser says of itself in our headers opens nothing, and signing out closes all of it.
#[tokio::test]
async fn sr_132_nginx_gives_a_static_site_password_and_2fa() {
    let place = Place::behind_a_proxy();
    let port = free_port().unwrap();
    let site = format!("http://localhost:{port}");
    let back = format!("{site}/.countersign/callback");
    place.add_app("Wiki", &back, &format!("{site}/"), &[]);
    place.register();
    let _nginx = nginx(&place, port);
    let claimed = Command::new("curl")
        .args(["-sS", "-o", "/dev/null", "-w", "%{http_code}", "-H", "X-Countersign-Account: x"])
        .args(["-H", "X-Countersign-Assurance: two_factor", &format!("{site}/open/")])
        .output();
    assert_eq!(claimed.unwrap().stdout, b"302");
    // Another host than the one that is written there is nobody's: the browser does not choose.
    let elsewhere = Command::new("curl")
        .args(["-sS", "-o", "/dev/null", "-w", "%{redirect_url}", "-H", "Host: other.example"])
        .arg(format!("{site}/.countersign/sign-in"))
        .output();
    let led = String::from_utf8(elsewhere.unwrap().stdout).unwrap();
    assert!(led.contains("%2F%2Flocalhost%3A"), "{led}");
    let browser = Browser::open(&site, Looks::DESK).await.unwrap();
    browser.go("/open/").await.unwrap();
    sign_in(&browser).await;
    browser.reads("h1", "the open wiki").await.unwrap();
    browser.go("/").await.unwrap();
    enable_on_the_way(&browser, "Wiki").await;
    browser.reads("h1", "the whole wiki").await.unwrap();

    browser.go("/.countersign/sign-out").await.unwrap();
    browser.click("#end-form [type=submit]").await.unwrap();
    browser.see("#done").await.unwrap();
    browser.go("/open/").await.unwrap();
    browser.reads("#for-app", "Sign in to go on to Wiki").await.unwrap();
    browser.close().await.unwrap();
}
