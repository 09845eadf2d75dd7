//! Attributes of a client, and the sets of them that counters look at.

use std::fmt;

/// What a counter can look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Attribute {
    /// `username`
    Username,
    /// `ip_address`
    Address,
    /// `service`
    Service,
    /// `tty`
    Tty,
}

/// A set of attributes; names one kind of counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AttributeSet(u8);

/// A name in `lockout_parameters` that is not an attribute, or a list of none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AttributeError {
    /// `user_agent`, as in django-axes.
    #[error("user_agent does not exist for host logins; its counterpart is `service`")]
    UserAgent,
    /// Anything else.
    #[error("`{0}` is not an attribute: use username, ip_address, service or tty")]
    Unknown(String),
    /// An empty combination would be one counter for everybody.
    #[error("an empty combination would count everybody together; name at least one attribute")]
    Empty,
}

impl Attribute {
    const ALL: [Self; 4] = [Self::Username, Self::Address, Self::Service, Self::Tty];

    /// Reads a name as it stands in `lockout_parameters`.
    ///
    /// # Errors
    ///
    /// [`AttributeError::UserAgent`] or [`AttributeError::Unknown`].
    pub fn parse(name: &str) -> Result<Self, AttributeError> {
        match name {
            "user_agent" => Err(AttributeError::UserAgent),
            _ => Self::ALL
                .into_iter()
                .find(|attribute| attribute.name() == name)
                .ok_or_else(|| AttributeError::Unknown(name.to_owned())),
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Username => "username",
            Self::Address => "ip_address",
            Self::Service => "service",
            Self::Tty => "tty",
        }
    }

    const fn bit(self) -> u8 {
        match self {
            Self::Username => 1,
            Self::Address => 2,
            Self::Service => 4,
            Self::Tty => 8,
        }
    }
}

impl AttributeSet {
    /// The set of these attributes.
    ///
    /// # Errors
    ///
    /// [`AttributeError::Empty`] when there are none.
    pub fn new(attributes: &[Attribute]) -> Result<Self, AttributeError> {
        match attributes.iter().fold(0, |bits, attribute| bits | attribute.bit()) {
            0 => Err(AttributeError::Empty),
            bits => Ok(Self(bits)),
        }
    }

    /// Whether counters over this set look at an attribute.
    #[must_use]
    pub const fn contains(self, attribute: Attribute) -> bool {
        self.0 & attribute.bit() != 0
    }

    /// What [`AttributeSet::bits`] said.
    #[must_use]
    pub const fn from_bits(bits: u8) -> Option<Self> {
        if bits > 0 && bits < 16 { Some(Self(bits)) } else { None }
    }

    /// One bit for each attribute, 1 to 15.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }
}

impl fmt::Display for AttributeSet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let members = Attribute::ALL.into_iter().filter(|attribute| self.contains(*attribute));
        for (index, attribute) in members.enumerate() {
            let separator = if index == 0 { "" } else { " and " };
            write!(formatter, "{separator}{}", attribute.name())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_django_axes_but_user_agent() {
        assert_eq!(Attribute::parse("ip_address"), Ok(Attribute::Address));
        assert_eq!(Attribute::parse("user_agent"), Err(AttributeError::UserAgent));
        assert_eq!(Attribute::parse("user"), Err(AttributeError::Unknown("user".into())));
    }

    #[test]
    fn a_set_is_the_same_in_any_order_and_never_empty() {
        let pair = AttributeSet::new(&[Attribute::Username, Attribute::Address]);
        assert_eq!(pair, AttributeSet::new(&[Attribute::Address, Attribute::Username]));
        assert_eq!(pair.map(|set| set.to_string()), Ok("username and ip_address".into()));
        assert_eq!(AttributeSet::new(&[]), Err(AttributeError::Empty));
    }
}
