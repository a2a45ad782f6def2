//! How ids stand in columns, on every backend that knows the plain type.

use crate::{ConversationId, Group, MessageId, RelayId, RequestId, UserId};
use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql};
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::{BigInt, Binary, Text};

impl<B: Backend> ToSql<BigInt, B> for UserId
where
    i64: ToSql<BigInt, B>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, B>) -> serialize::Result {
        self.0.to_sql(out)
    }
}

impl<B: Backend> FromSql<BigInt, B> for UserId
where
    i64: FromSql<BigInt, B>,
{
    fn from_sql(bytes: B::RawValue<'_>) -> deserialize::Result<Self> {
        Self::new(i64::from_sql(bytes)?).ok_or_else(|| "a user ID has ten digits".into())
    }
}

impl<B: Backend> ToSql<BigInt, B> for ConversationId
where
    i64: ToSql<BigInt, B>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, B>) -> serialize::Result {
        self.0.to_sql(out)
    }
}

impl<B: Backend> FromSql<BigInt, B> for ConversationId
where
    i64: FromSql<BigInt, B>,
{
    fn from_sql(bytes: B::RawValue<'_>) -> deserialize::Result<Self> {
        Self::new(i64::from_sql(bytes)?).ok_or_else(|| "a conversation id is positive".into())
    }
}

impl<B: Backend> ToSql<BigInt, B> for RequestId
where
    i64: ToSql<BigInt, B>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, B>) -> serialize::Result {
        self.0.to_sql(out)
    }
}

impl<B: Backend> FromSql<BigInt, B> for RequestId
where
    i64: FromSql<BigInt, B>,
{
    fn from_sql(bytes: B::RawValue<'_>) -> deserialize::Result<Self> {
        Self::new(i64::from_sql(bytes)?).ok_or_else(|| "a contact request id is positive".into())
    }
}

impl<B: Backend> ToSql<Binary, B> for MessageId
where
    [u8]: ToSql<Binary, B>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, B>) -> serialize::Result {
        <[u8] as ToSql<Binary, B>>::to_sql(self.0.as_bytes(), out)
    }
}

impl<B: Backend> FromSql<Binary, B> for MessageId
where
    Vec<u8>: FromSql<Binary, B>,
{
    fn from_sql(bytes: B::RawValue<'_>) -> deserialize::Result<Self> {
        let bytes = Vec::<u8>::from_sql(bytes)?;
        Self::new(uuid::Uuid::from_slice(&bytes)?).ok_or_else(|| "a message id is a UUIDv7".into())
    }
}

impl<B: Backend> ToSql<Text, B> for RelayId
where
    str: ToSql<Text, B>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, B>) -> serialize::Result {
        <str as ToSql<Text, B>>::to_sql(&self.0, out)
    }
}

impl<B: Backend> FromSql<Text, B> for RelayId
where
    String: FromSql<Text, B>,
{
    fn from_sql(bytes: B::RawValue<'_>) -> deserialize::Result<Self> {
        Ok(String::from_sql(bytes)?.parse()?)
    }
}

impl<B: Backend> ToSql<Text, B> for Group
where
    str: ToSql<Text, B>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, B>) -> serialize::Result {
        <str as ToSql<Text, B>>::to_sql(&self.0, out)
    }
}

impl<B: Backend> FromSql<Text, B> for Group
where
    String: FromSql<Text, B>,
{
    fn from_sql(bytes: B::RawValue<'_>) -> deserialize::Result<Self> {
        Ok(String::from_sql(bytes)?.parse()?)
    }
}
