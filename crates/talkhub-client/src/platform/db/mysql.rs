//! MySQL and MariaDB in pure Rust: a newtype that lets diesel's `MultiConnection` use diesel-async's connection.

use super::deadline;
use diesel::connection::{
    CacheSize, Connection, ConnectionSealed, Instrumentation, LoadConnection, MultiConnectionHelper,
    SimpleConnection, TransactionManager, TransactionManagerStatus,
};
use diesel::expression::QueryMetadata;
use diesel::prelude::*;
use diesel::query_builder::{Query, QueryFragment, QueryId};
use diesel::sql_types::TypeMetadata;
use diesel_async::AsyncMysqlConnection;
use diesel_async::async_connection_wrapper::{AsyncConnectionWrapper, BlockOn};

/// Drives one connection's socket on the thread that asks: a runtime of its own per connection, no thread handing work
/// to another.
pub struct OwnRuntime(Option<tokio::runtime::Runtime>);

impl Drop for OwnRuntime {
    /// A runtime may not be dropped from within another one, and nobody knows who drops a pool last.
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl BlockOn for OwnRuntime {
    fn block_on<F: Future>(&self, future: F) -> F::Output {
        let runtime = self.0.as_ref().expect("only drop takes the runtime away");
        deadline::wait(runtime, future)
    }

    fn get_runtime() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        Self(Some(
            runtime.expect("a runtime without threads needs only a file handle"),
        ))
    }
}

type Wrapper = AsyncConnectionWrapper<AsyncMysqlConnection, OwnRuntime>;
type Manager = <Wrapper as Connection>::TransactionManager;

/// A blocking connection to MySQL or MariaDB. Use and drop it on blocking threads only.
pub struct MysqlConnection(Wrapper);

/// Hands every transaction to the wrapped connection's own manager.
pub struct MysqlTransactions;

impl TransactionManager<MysqlConnection> for MysqlTransactions {
    type TransactionStateData = <Manager as TransactionManager<Wrapper>>::TransactionStateData;

    fn begin_transaction(conn: &mut MysqlConnection) -> QueryResult<()> {
        Manager::begin_transaction(&mut conn.0)
    }
    fn rollback_transaction(conn: &mut MysqlConnection) -> QueryResult<()> {
        Manager::rollback_transaction(&mut conn.0)
    }
    fn commit_transaction(conn: &mut MysqlConnection) -> QueryResult<()> {
        Manager::commit_transaction(&mut conn.0)
    }
    fn transaction_manager_status_mut(conn: &mut MysqlConnection) -> &mut TransactionManagerStatus {
        Manager::transaction_manager_status_mut(&mut conn.0)
    }
    fn is_broken_transaction_manager(conn: &mut MysqlConnection) -> bool {
        Manager::is_broken_transaction_manager(&mut conn.0)
    }
}

impl SimpleConnection for MysqlConnection {
    fn batch_execute(&mut self, query: &str) -> QueryResult<()> {
        self.0.batch_execute(query)
    }
}

impl ConnectionSealed for MysqlConnection {}

impl Connection for MysqlConnection {
    type Backend = diesel::mysql::Mysql;
    type TransactionManager = MysqlTransactions;

    fn establish(url: &str) -> ConnectionResult<Self> {
        Wrapper::establish(url).map(Self)
    }
    fn execute_returning_count<T: QueryFragment<Self::Backend> + QueryId>(
        &mut self,
        source: &T,
    ) -> QueryResult<usize> {
        self.0.execute_returning_count(source)
    }
    fn transaction_state(
        &mut self,
    ) -> &mut <MysqlTransactions as TransactionManager<Self>>::TransactionStateData {
        self.0.transaction_state()
    }
    fn instrumentation(&mut self) -> &mut dyn Instrumentation {
        self.0.instrumentation()
    }
    fn set_instrumentation(&mut self, instrumentation: impl Instrumentation) {
        self.0.set_instrumentation(instrumentation);
    }
    fn set_prepared_statement_cache_size(&mut self, size: CacheSize) {
        self.0.set_prepared_statement_cache_size(size);
    }
}

impl LoadConnection for MysqlConnection {
    type Cursor<'conn, 'query>
        = <Wrapper as LoadConnection>::Cursor<'conn, 'query>
    where
        Self: 'conn;
    type Row<'conn, 'query>
        = <Wrapper as LoadConnection>::Row<'conn, 'query>
    where
        Self: 'conn;

    fn load<'conn, 'query, T>(&'conn mut self, source: T) -> QueryResult<Self::Cursor<'conn, 'query>>
    where
        T: Query + QueryFragment<Self::Backend> + QueryId + 'query,
        Self::Backend: QueryMetadata<T::SqlType>,
    {
        self.0.load(source)
    }
}

impl MultiConnectionHelper for MysqlConnection {
    fn to_any<'a>(
        lookup: &mut <Self::Backend as TypeMetadata>::MetadataLookup,
    ) -> &mut (dyn std::any::Any + 'a) {
        lookup
    }
    fn from_any(
        lookup: &mut dyn std::any::Any,
    ) -> Option<&mut <Self::Backend as TypeMetadata>::MetadataLookup> {
        lookup.downcast_mut()
    }
}

impl diesel::migration::MigrationConnection for MysqlConnection {
    fn setup(&mut self) -> QueryResult<usize> {
        diesel::migration::MigrationConnection::setup(&mut self.0)
    }
}
