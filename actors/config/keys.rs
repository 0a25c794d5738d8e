//! The one place where a key is defined.

/// Defines the keys of a section: a struct with an [`Entry`] for each, and what is derived from
/// the same lines.
///
/// ```text
/// keys! {
///     /// `heartbeat`
///     pub struct HeartbeatKeys {
///         /// Call a URL regularly, as a sign of life
///         enable: "enable" Key<Flag> = false, was "enabled";
///         /// The URL; its path is treated as a secret
///         url: "remoteURL" Optional<SecretUrl>, example "http://heartbeat.example.com/butler-sos";
///     }
/// }
/// ```
///
/// The comment of a key is its sentence for administrators. After the default come marks, methods
/// of [`Definition`]: `was`, `example`, `masked`, `required`, `retired`.
///
/// [`Entry`]: crate::config::Entry
/// [`Definition`]: crate::config::Definition
#[macro_export]
macro_rules! keys {
    (
        $(#[$meta:meta])*
        $vis:vis struct $Keys:ident {
            $(
                $(#[doc = $sentence:expr])*
                $field:ident: $name:literal $entry:ty $(= $default:expr)?
                $(, $mark:ident $($about:expr)?)*;
            )*
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone)]
        $vis struct $Keys {
            /// Where the section is.
            #[allow(dead_code, reason = "not every section has rules of its own")]
            at: $crate::config::KeyPath,
            $( $(#[doc = $sentence])* $field: $entry, )*
        }

        impl $crate::config::SectionKeys for $Keys {
            fn take(at: $crate::config::KeyPath, tree: &$crate::config::Tree) -> Self {
                Self {
                    $( $field: <$entry as $crate::config::Entry>::take(
                        at.key($name),
                        tree.get($name).cloned().unwrap_or_default(),
                        $crate::keys!(@default $($default)?),
                    ), )*
                    at,
                }
            }

            fn definitions() -> Vec<$crate::config::Definition> {
                vec![ $(
                    $crate::config::Definition::new(
                        $name,
                        concat!($($sentence, "\n"),*),
                        <$entry as $crate::config::Entry>::shape(
                            $crate::keys!(@default $($default)?),
                        ),
                    )
                    $( .$mark($($about)?) )*,
                )* ]
            }
        }
    };
    (@default) => { () };
    (@default $default:expr) => { $default };
}
