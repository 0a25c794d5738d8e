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
) -> Result<PKey<Private>, KeyError> {
    let text = std::fs::read(dir.path().join(file)).unwrap();
    read_key(&text, passphrase.map(Secret::from).as_ref())
}

#[test]
fn every_form_of_a_key_is_read_and_usable() {
    let dir = tempfile::tempdir().unwrap();
    openssl(&dir, "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa.pem");
    openssl(&dir, "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ec.pem");
    openssl(&dir, "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-521 -out ec521.pem");
    openssl(&dir, "rsa -in rsa.pem -traditional -out rsa1.pem");
    openssl(&dir, "ec -in ec.pem -out ec1.pem");
    let plain = ["rsa.pem", "ec.pem", "ec521.pem", "rsa1.pem", "ec1.pem"];
    let mut encrypted = Vec::new();
    for (i, options) in [
        "-v2 aes-256-cbc",
        "-v2 aes-128-cbc -v2prf hmacWithSHA1",
        "-v2 des3 -v2prf hmacWithSHA1",
        "-scrypt",
        "-v1 PBE-SHA1-3DES",
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
    let usable = |key: &PKey<Private>| key.private_key_to_der().is_ok();
    for file in plain {
        assert!(usable(&load(&dir, file, None).unwrap()), "{file}");
        assert!(usable(&load(&dir, file, Some("not needed")).unwrap()), "{file}");
    }
    for file in &encrypted {
        assert!(usable(&load(&dir, file, Some("s3cret")).unwrap()), "{file}");
        assert_eq!(load(&dir, file, None).err(), Some(KeyError::NoPassphrase), "{file}");
        let wrong = load(&dir, file, Some("wrong")).err();
        assert_eq!(wrong, Some(KeyError::WrongPassphrase), "{file}");
    }
    // One wrong passphrase in some 256 leaves what looks like the right padding.
    let quick = encrypted.iter().find(|file| file.contains("legacy")).unwrap();
    let text = std::fs::read(dir.path().join(quick)).unwrap();
    for number in 0..2_000 {
        let wrong = read_key(&text, Some(&Secret::from(format!("wrong{number}").as_str()))).err();
        assert_eq!(wrong, Some(KeyError::WrongPassphrase), "{quick} {number}");
    }
}

#[test]
fn an_old_style_of_encryption_names_the_cure() {
    let dir = tempfile::tempdir().unwrap();
    openssl(&dir, "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ec.pem");
    openssl(
        &dir,
        "pkcs8 -topk8 -in ec.pem -v1 PBE-SHA1-RC2-40 -passout pass:s3cret -out old.pem -provider \
         legacy -provider default",
    );
    let error = load(&dir, "old.pem", Some("s3cret")).unwrap_err();
    assert!(error.to_string().contains("openssl pkcs8 -topk8"), "{error}");
}

#[test]
fn what_is_no_key_is_refused_by_name() {
    let no_pem = |wanted| Some(KeyError::Pem(PemError::NoPem(wanted)));
    assert_eq!(read_key(b"", None).err(), Some(KeyError::Pem(PemError::Empty)));
    assert_eq!(read_key(b"hello", None).err(), no_pem(Wanted::Key));
    let certificate = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let only = read_key(certificate, None).err();
    assert_eq!(only, Some(KeyError::Pem(PemError::OnlyCertificate)));
    for info in ["AES-128-CBC", "AES-128-CBC,zz", "AES-128-CBC,00", "ROT13,0011223344556677"] {
        let text = format!(
            "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: {info}\n\nAAAA\n\
             -----END RSA PRIVATE KEY-----\n"
        );
        assert!(read_key(text.as_bytes(), Some(&"x".into())).is_err(), "{info}");
    }
}

/// Each file as an administrator might have it, and words of what is said about it.
#[test]
fn files_in_other_forms_are_read_or_named_with_the_command_that_converts() {
    let dir = tempfile::tempdir().unwrap();
    openssl(&dir, "req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -subj /CN=a");
    openssl(&dir, "x509 -in cert.pem -outform der -out cert.cer");
    openssl(&dir, "pkey -in key.pem -outform der -out key.der");
    openssl(&dir, "pkcs12 -export -in cert.pem -inkey key.pem -passout pass:x -out both.pfx");
    openssl(&dir, "crl2pkcs7 -nocrl -certfile cert.pem -out bundle.p7b");
    openssl(&dir, "pkey -in key.pem -pubout -out public.pem");
    openssl(&dir, "req -new -key key.pem -subj /CN=a -out request.pem");
    let read = |file: &str| std::fs::read(dir.path().join(file)).unwrap();
    let marked = |file: &str| [b"\xef\xbb\xbf", &read(file)[..]].concat();
    let wide = |file: &str| -> Vec<u8> {
        let text = String::from_utf8(read(file)).unwrap();
        [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
    };
    let flat = |file: &str| String::from_utf8(read(file)).unwrap().replace('\n', " ").into_bytes();
    assert!(read_key(&marked("key.pem"), None).is_ok());
    let with_cr = String::from_utf8(read("key.pem")).unwrap().replace('\n', "\r\n");
    assert!(read_key(with_cr.as_bytes(), None).is_ok());
    let after_text = [b"Bag Attributes\n    friendlyName: x\n", &read("key.pem")[..]].concat();
    assert!(read_key(&after_text, None).is_ok());

    let both = [read("cert.pem"), read("key.pem")].concat();
    assert!(read_key(&both, None).is_ok());
    for wanted in [Wanted::Certificate, Wanted::Key] {
        assert!(pem::text(&both, wanted).is_ok());
        for (bytes, words) in [
            (wide("key.pem"), "UTF-16"),
            (read("cert.cer"), "openssl x509 -inform der"),
            (read("key.der"), "openssl pkey -inform der"),
            (read("both.pfx"), "openssl pkcs12 -in"),
            (read("bundle.p7b"), "openssl pkcs7 -print_certs"),
            (flat("key.pem"), "line ends are lost"),
            (flat("cert.pem"), "line ends are lost"),
        ] {
            let error = pem::text(&bytes, wanted).unwrap_err().to_string();
            assert!(error.contains(words), "{wanted:?} {words}: {error}");
        }
    }
    assert_eq!(pem::text(&read("public.pem"), Wanted::Key), Err(PemError::PublicKey));
    assert_eq!(pem::text(&read("request.pem"), Wanted::Certificate), Err(PemError::Request));
    assert_eq!(pem::text(&read("key.pem"), Wanted::Certificate), Err(PemError::OnlyKey));
}
