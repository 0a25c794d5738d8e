//! Keys as OpenSSL writes them, made here and now by its command line.

use std::process::Command;

use super::*;

fn openssl(dir: &tempfile::TempDir, arguments: &str) {
    let output = Command::new("openssl")
        .args(arguments.split(' '))
        .current_dir(dir.path())
        .output()
        .expect("openssl runs; on Debian: apt-get install openssl");
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "openssl {arguments}: {text}");
}

fn load(
    dir: &tempfile::TempDir,
    file: &str,
    passphrase: Option<&str>,
) -> Result<PrivateKeyDer<'static>, KeyError> {
    let text = std::fs::read(dir.path().join(file)).unwrap();
    read_key(&text, passphrase.map(Secret::from).as_ref())
}

#[test]
fn every_form_of_a_key_is_read_and_usable() {
    let dir = tempfile::tempdir().unwrap();
    openssl(&dir, "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa.pem");
    openssl(&dir, "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ec.pem");
    openssl(&dir, "rsa -in rsa.pem -traditional -out rsa1.pem");
    openssl(&dir, "ec -in ec.pem -out ec1.pem");
    let plain = ["rsa.pem", "ec.pem", "rsa1.pem", "ec1.pem"];
    let mut encrypted = Vec::new();
    for (i, options) in [
        "-v2 aes-256-cbc",
        "-v2 aes-128-cbc -v2prf hmacWithSHA1",
        "-v2 des3 -v2prf hmacWithSHA1",
        "-scrypt",
    ]
    .into_iter()
    .enumerate()
    {
        for kind in ["rsa", "ec"] {
            let file = format!("{kind}-p8-{i}.pem");
            openssl(
                &dir,
                &format!("pkcs8 -topk8 -in {kind}.pem {options} -passout pass:s3cret -out {file}"),
            );
            encrypted.push(file);
        }
    }
    for cipher in ["aes128", "aes192", "aes256", "des3"] {
        for (kind, command) in [("rsa", "rsa -traditional"), ("ec", "ec")] {
            let file = format!("{kind}-legacy-{cipher}.pem");
            openssl(
                &dir,
                &format!("{command} -in {kind}.pem -{cipher} -passout pass:s3cret -out {file}"),
            );
            encrypted.push(file);
        }
    }
    let usable =
        |key: &PrivateKeyDer<'_>| rustls::crypto::ring::sign::any_supported_type(key).is_ok();
    for file in plain {
        assert!(usable(&load(&dir, file, None).unwrap()), "{file}");
        assert!(usable(&load(&dir, file, Some("not needed")).unwrap()), "{file}");
    }
    for file in &encrypted {
        assert!(usable(&load(&dir, file, Some("s3cret")).unwrap()), "{file}");
        assert_eq!(load(&dir, file, None), Err(KeyError::NoPassphrase), "{file}");
        assert_eq!(load(&dir, file, Some("wrong")), Err(KeyError::WrongPassphrase), "{file}");
    }
}

#[test]
fn an_old_style_of_encryption_names_the_cure() {
    let dir = tempfile::tempdir().unwrap();
    openssl(&dir, "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ec.pem");
    openssl(&dir, "pkcs8 -topk8 -in ec.pem -v1 PBE-SHA1-3DES -passout pass:s3cret -out old.pem");
    let error = load(&dir, "old.pem", Some("s3cret")).unwrap_err();
    assert!(error.to_string().contains("openssl pkcs8 -topk8"), "{error}");
}

#[test]
fn what_is_no_key_is_refused_by_name() {
    assert_eq!(read_key(b"", None), Err(KeyError::NoKey));
    assert_eq!(read_key(b"hello", None), Err(KeyError::NoKey));
    let certificate = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    assert_eq!(read_key(certificate, None), Err(KeyError::NoKey));
    for info in ["AES-128-CBC", "AES-128-CBC,zz", "AES-128-CBC,00", "ROT13,0011223344556677"] {
        let text = format!(
            "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: {info}\n\nAAAA\n\
             -----END RSA PRIVATE KEY-----\n"
        );
        assert!(read_key(text.as_bytes(), Some(&"x".into())).is_err(), "{info}");
    }
}
