//! What plugins' SQL can do, and what it cannot.

use std::path::PathBuf;
use std::time::Instant;

use super::*;
use crate::sqlite::scratch;

const TABLES: &str =
    "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL, score REAL, raw BLOB);
    CREATE VIRTUAL TABLE words USING fts5 (text);";

fn first() -> Migration {
    migration(1, TABLES)
}

fn migration(number: u32, sql: &str) -> Migration {
    Migration {
        number,
        file: format!("{number:04}_it.sql"),
        sql: sql.to_owned(),
    }
}

fn database() -> (Arc<Database>, PathBuf) {
    let path = scratch("plugin").join("a.db");
    (Database::open(&path, &[first()]).unwrap(), path)
}

fn statement(sql: &str, values: Vec<Value>, has_rows: bool) -> Statement {
    Statement {
        sql: sql.to_owned(),
        parameters: Parameters::Listed(values),
        has_rows,
    }
}

fn exec(database: &Database, sql: &str, values: Vec<Value>) -> Result<Outcome, DatabaseError> {
    database
        .run(statement(sql, values, false))
        .blocking_recv()
        .unwrap()
}

fn query(database: &Database, sql: &str) -> Result<Vec<Vec<Value>>, DatabaseError> {
    let outcome = database.run(statement(sql, Vec::new(), true));
    outcome
        .blocking_recv()
        .unwrap()
        .map(|outcome| match outcome {
            Outcome::Rows { rows, .. } => rows,
            Outcome::Done { .. } => panic!("no rows"),
        })
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn count(database: &Database) -> i64 {
    match query(database, "SELECT count(*) FROM notes").unwrap()[0][0] {
        Value::Integer(count) => count,
        ref other => panic!("{other:?}"),
    }
}

#[test]
fn values_of_every_kind_come_back_as_they_were_also_after_a_restart() {
    let (database, path) = database();
    let values = vec![text("工单"), Value::Real(2.5), Value::Blob(vec![0, 255])];

    let done = exec(
        &database,
        "INSERT INTO notes (text, score, raw) VALUES (?, ?, ?);",
        values.clone(),
    );
    assert_eq!(
        done,
        Ok(Outcome::Done {
            changed: 1,
            last_id: 1
        })
    );
    drop(database);
    let database = Database::open(&path, &[first()]).unwrap();

    let rows = query(&database, "SELECT text, score, raw, NULL, id FROM notes").unwrap();
    let expected = [values, vec![Value::Null, Value::Integer(1)]].concat();
    assert_eq!(rows, [expected]);
}

#[test]
fn named_marks_are_filled_by_name_and_what_does_not_fit_is_told() {
    let (database, _) = database();
    let named = |sql: &str, names: &[&str]| {
        let values = names.iter().map(|name| ((*name).to_owned(), text(name)));
        database
            .run(Statement {
                sql: sql.to_owned(),
                parameters: Parameters::Named(values.collect()),
                has_rows: false,
            })
            .blocking_recv()
            .unwrap()
    };
    let sql = "INSERT INTO notes (text) VALUES (:a || :b || :a)";

    assert!(named(sql, &["a", "b"]).is_ok());

    assert_eq!(
        query(&database, "SELECT text FROM notes").unwrap(),
        [[text("aba")]]
    );
    let wrong = |outcome: Result<Outcome, DatabaseError>| outcome.unwrap_err().to_string();
    assert_eq!(wrong(named(sql, &["a"])), "no value is given for :b");
    assert!(wrong(named(sql, &["a", "b", "c"])).contains("for :c, which is not"));
    assert_eq!(
        wrong(exec(
            &database,
            "DELETE FROM notes WHERE id = ?",
            Vec::new()
        )),
        "the statement has 1 marks, and 0 values are given"
    );
    assert!(wrong(exec(&database, "SELECT 1", Vec::new())).contains("use query"));
    assert!(
        query(&database, "DELETE FROM notes")
            .unwrap_err()
            .to_string()
            .contains("use exec")
    );
    let two = "DELETE FROM notes; DELETE FROM words";
    assert!(wrong(exec(&database, two, Vec::new())).contains("one at a time"));
    assert!(wrong(exec(&database, "DELET FROM notes", Vec::new())).contains("syntax error"));
    assert_eq!(count(&database), 1, "nothing of that was done");
}

#[test]
fn no_statement_leaves_its_file_or_takes_hold_of_transactions() {
    let (database, path) = database();
    let elsewhere = path.with_file_name("stolen.db");
    let elsewhere = elsewhere.display();

    for sql in [
        format!("ATTACH '{elsewhere}' AS other"),
        format!("VACUUM INTO '{elsewhere}'"),
        "PRAGMA journal_mode = DELETE".to_owned(),
        "PRAGMA writable_schema = ON".to_owned(),
        "BEGIN".to_owned(),
        "SAVEPOINT a".to_owned(),
        "CREATE VIRTUAL TABLE t USING dbstat".to_owned(),
        "SELECT load_extension('x')".to_owned(),
    ] {
        let refused = exec(&database, &sql, Vec::new()).unwrap_err();
        let refused = match refused {
            DatabaseError::Misused(why) if why.contains("use query") => {
                query(&database, &sql).unwrap_err()
            }
            other => other,
        };
        assert!(
            matches!(
                refused,
                DatabaseError::Misused(_) | DatabaseError::Refused(_)
            ),
            "{sql}: {refused}"
        );
    }
    assert!(!path.with_file_name("stolen.db").exists());
    assert!(query(&database, "PRAGMA table_info(notes)").is_ok());
    exec(
        &database,
        "INSERT INTO words VALUES ('hello world')",
        Vec::new(),
    )
    .unwrap();
    let found = query(
        &database,
        "SELECT text FROM words WHERE words MATCH 'world'",
    );
    assert_eq!(found.unwrap(), [[text("hello world")]]);
}

#[test]
fn what_takes_too_long_or_gives_too_much_is_stopped_and_the_next_goes_on() {
    let (database, _) = database();
    let endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) ";

    let began = Instant::now();
    let slow = query(&database, &format!("{endless} SELECT count(*) FROM n"));
    assert_eq!(slow, Err(DatabaseError::TooSlow(Duration::from_secs(2))));
    assert!(began.elapsed() < Duration::from_secs(20));
    let many = query(&database, &format!("{endless} SELECT i FROM n"));
    assert_eq!(many, Err(DatabaseError::TooMuch("10,000 rows")));
    let large = query(
        &database,
        &format!("{endless} SELECT zeroblob(3000000) FROM n LIMIT 9"),
    );
    assert_eq!(large, Err(DatabaseError::TooMuch("8 MB")));
    let value = query(&database, "SELECT zeroblob(99000000)").unwrap_err();
    assert!(value.to_string().contains("too big"), "{value}");

    assert_eq!(count(&database), 0);
}

#[test]
fn a_transaction_counts_as_a_whole_or_not_at_all_and_others_wait_for_it() {
    let (database, _) = database();
    let insert = || statement("INSERT INTO notes (text) VALUES ('a')", Vec::new(), false);

    let (transaction, begun) = database.transaction();
    begun.blocking_recv().unwrap().unwrap();
    transaction.run(insert()).blocking_recv().unwrap().unwrap();
    let waits = database.run(statement("SELECT count(*) FROM notes", Vec::new(), true));
    transaction.run(insert()).blocking_recv().unwrap().unwrap();
    transaction.commit().blocking_recv().unwrap().unwrap();
    let rows = match waits.blocking_recv().unwrap().unwrap() {
        Outcome::Rows { rows, .. } => rows,
        other => panic!("{other:?}"),
    };
    assert_eq!(rows, [[Value::Integer(2)]], "both or none");

    let (transaction, begun) = database.transaction();
    begun.blocking_recv().unwrap().unwrap();
    transaction.run(insert()).blocking_recv().unwrap().unwrap();
    let wrong = transaction.run(statement("DELETE FROM nowhere", Vec::new(), false));
    assert!(wrong.blocking_recv().unwrap().is_err());
    drop(transaction);
    assert_eq!(count(&database), 2, "given up");
}

#[test]
fn a_transaction_that_is_forgotten_holds_nobody_up_for_long() {
    let (database, _) = database();
    let (transaction, begun) = database.transaction();
    begun.blocking_recv().unwrap().unwrap();

    assert_eq!(count(&database), 0, "after five seconds");

    let late = transaction.run(statement("DELETE FROM notes", Vec::new(), false));
    assert_eq!(late.blocking_recv().unwrap(), Err(DatabaseError::Undone));
}

#[test]
fn migrations_are_done_once_all_or_none_and_a_changed_one_is_refused() {
    let path = scratch("plugin").join("a.db");
    let second = migration(
        2,
        "ALTER TABLE notes ADD COLUMN agent TEXT; CREATE TABLE more (a);",
    );
    drop(Database::open(&path, &[first()]).unwrap());
    let open = |migrations: &[Migration]| Database::open(&path, migrations);

    let broken = migration(3, "CREATE TABLE half (a); CREATE TABLE notes (a);");
    let refused = open(&[first(), second.clone(), broken]).err().unwrap();
    assert_eq!(
        refused.to_string(),
        "0003_it.sql: table notes already exists"
    );
    let database = open(&[first()]).unwrap();
    assert!(
        query(&database, "SELECT * FROM more").is_err(),
        "none of them"
    );
    drop(database);

    let database = open(&[first(), second.clone()]).unwrap();
    exec(
        &database,
        "INSERT INTO notes (text, agent) VALUES ('a', '1049')",
        Vec::new(),
    )
    .unwrap();
    drop(database);
    drop(open(&[first(), second]).unwrap());
    // The plugin goes back to an earlier version.
    let database = open(&[first()]).unwrap();
    assert_eq!(count(&database), 1);
    drop(database);
    let changed = migration(1, "CREATE TABLE other (a)");
    let refused = open(&[changed]).err().unwrap().to_string();
    assert!(
        refused.starts_with("0001_it.sql: was changed after"),
        "{refused}"
    );
}

#[test]
fn migrations_can_be_tried_without_a_file_and_cannot_leave_theirs_either() {
    assert_eq!(Database::try_migrations(&[first()]), Ok(()));

    let refused = |sql: &str| {
        let tried = Database::try_migrations(&[migration(1, sql)]);
        tried.unwrap_err().to_string()
    };
    assert!(refused("CREATE TABLE a (b); SELEC 1").contains("0001_it.sql: near \"SELEC\""));
    assert!(refused("COMMIT").contains("not for plugins"));
    assert!(refused("ATTACH ':memory:' AS b").contains("not for plugins"));
}
