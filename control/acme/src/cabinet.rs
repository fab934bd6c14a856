//! Account and certificate on disk, readable by the server's user alone.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use instant_acme::AccountCredentials;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::AcmeError;
use crate::certificate::Pems;

const ACCOUNT: &str = "account.json";
const CERTIFICATE: &str = "certificate.json";

/// The folder.
pub(crate) struct Cabinet(PathBuf);

/// An account belongs to the authority that it was made at.
#[derive(Serialize, Deserialize)]
struct AccountFile {
    directory: String,
    credentials: AccountCredentials,
}

/// A certificate of a test authority must not be taken for a real one.
#[derive(Serialize, Deserialize)]
struct CertificateFile {
    directory: String,
    #[serde(flatten)]
    pems: Pems,
}

impl Cabinet {
    /// Makes the folder if it is missing.
    pub fn open(folder: &Path) -> Result<Self, AcmeError> {
        std::fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
        let cabinet = Self(folder.to_owned());
        // Better now than when there is a certificate to keep.
        cabinet.write("probe", b"")?;
        let probe = cabinet.0.join("probe");
        std::fs::remove_file(&probe).map_err(|error| failed(&probe, error))?;
        Ok(cabinet)
    }

    /// The account at this authority.
    pub fn account(&self, directory: &str) -> Option<AccountCredentials> {
        let file: AccountFile = self.read(ACCOUNT)?;
        (file.directory == directory).then_some(file.credentials)
    }

    /// Keeps an account.
    pub fn keep_account(&self, directory: &str, credentials: AccountCredentials) -> Result<(), AcmeError> {
        self.keep(ACCOUNT, &AccountFile { directory: directory.to_owned(), credentials })
    }

    /// The certificate of this authority.
    pub fn certificate(&self, directory: &str) -> Option<Pems> {
        let file: CertificateFile = self.read(CERTIFICATE)?;
        (file.directory == directory).then_some(file.pems)
    }

    /// Keeps a certificate.
    pub fn keep_certificate(&self, directory: &str, pems: Pems) -> Result<(), AcmeError> {
        self.keep(CERTIFICATE, &CertificateFile { directory: directory.to_owned(), pems })
    }

    fn read<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        let path = self.0.join(name);
        let text = std::fs::read(&path).ok()?;
        let read = serde_json::from_slice(&text);
        read.inspect_err(|error| tracing::warn!(%error, path = %path.display(), "not understood, made anew")).ok()
    }

    fn keep<T: Serialize>(&self, name: &str, content: &T) -> Result<(), AcmeError> {
        let text = serde_json::to_vec_pretty(content).map_err(|error| failed(&self.0.join(name), error.into()))?;
        self.write(name, &text)
    }

    /// A reader finds the old file or the new one, never half of one.
    fn write(&self, name: &str, content: &[u8]) -> Result<(), AcmeError> {
        let (path, fresh) = (self.0.join(name), self.0.join(format!("{name}.new")));
        let write = || {
            let mut options = std::fs::OpenOptions::new();
            let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
            file.write_all(content)?;
            file.sync_all()?;
            std::fs::rename(&fresh, &path)
        };
        write().map_err(|error| failed(&path, error))
    }
}

fn failed(path: &Path, error: std::io::Error) -> AcmeError {
    AcmeError::Cabinet { path: path.to_owned(), error }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn what_is_kept_is_found_again_by_its_authority_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("deep/acme");
        let cabinet = Cabinet::open(&path).expect("a cabinet");
        assert!(cabinet.certificate("https://a").is_none());
        cabinet.keep_certificate("https://a", Pems { chain: "c".into(), key: "k".into() }).expect("kept");
        assert_eq!(cabinet.certificate("https://a").map(|pems| pems.key), Some("k".into()));
        assert!(cabinet.certificate("https://b").is_none());
        let mode = std::fs::metadata(path.join(CERTIFICATE)).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_told_at_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("file");
        std::fs::write(&file, "").expect("written");
        assert!(matches!(Cabinet::open(&file.join("acme")), Err(AcmeError::Cabinet { .. })));
    }
}
