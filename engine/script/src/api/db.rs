//! `db.query("SELECT …", …)`: a plugin's own tables. Waits, as records do.

use std::cell::RefCell;
use std::rc::{Rc, Weak};
use std::sync::Arc;

use ::store::{
    Database, DatabaseAnswer, DatabaseError, DatabaseValue, Outcome, Parameters, Statement,
    Transaction,
};
use mlua::{
    AnyUserData, Error, Function, IntoLuaMulti, Lua, MetaMethod, MultiValue, Table, UserData,
    UserDataMethods, Value,
};

use super::arguments::{Arguments, shown};
use super::class::{Class, receive, refuse_set};
use super::while_running;
use crate::plugin::{Owner, Right};
use crate::surroundings::{Run, Surroundings};
use crate::{Place, fault, vm};

/// Makes `db` for one plugin.
pub(crate) fn table(
    lua: &Lua,
    surroundings: &Rc<Surroundings>,
    owner: &Rc<Owner>,
) -> mlua::Result<Table> {
    let tables = Rc::new(Tables {
        surroundings: Rc::clone(surroundings),
        owner: Rc::clone(owner),
        held: RefCell::default(),
    });
    let db = lua.create_table()?;
    for wish in WISHES {
        let tables = Rc::clone(&tables);
        let run = lua.create_async_function(move |lua: Lua, values: MultiValue| {
            let tables = Rc::clone(&tables);
            let place = tables.surroundings.place(&lua);
            let begun = tables.begin(wish, values);
            async move { answered(&lua, wish, &tables.surroundings, &place, begun).await }
        })?;
        db.raw_set(wish.name, vm::waiting(lua, wish.function, run)?)?;
    }
    db.raw_set("transaction", transaction(lua, &tables)?)?;
    Ok(db)
}

/// What is made for one plugin of one VM.
struct Tables {
    surroundings: Rc<Surroundings>,
    owner: Rc<Owner>,
    /// The runs that hold a transaction: they would wait for themselves.
    held: RefCell<Vec<Weak<Run>>>,
}

/// A way to ask.
struct Wish {
    name: &'static str,
    function: &'static str,
    /// The same in a transaction.
    method: &'static str,
    has_rows: bool,
    finish: fn(&Lua, Outcome) -> mlua::Result<MultiValue>,
}

const WISHES: &[Wish] = &[
    Wish {
        name: "query",
        function: "db.query",
        method: "transaction:query",
        has_rows: true,
        finish: all,
    },
    Wish {
        name: "one",
        function: "db.one",
        method: "transaction:one",
        has_rows: true,
        finish: first,
    },
    Wish {
        name: "exec",
        function: "db.exec",
        method: "transaction:exec",
        has_rows: false,
        finish: done,
    },
];

impl Tables {
    fn begin(&self, wish: &Wish, values: MultiValue) -> mlua::Result<DatabaseAnswer<Outcome>> {
        let database = self.database(wish.function)?;
        if self.is_held() {
            return Err(Error::runtime(format!(
                "{} within db.transaction would wait for itself: write tx:{}(...)",
                wish.function, wish.name
            )));
        }
        let values = values.into_iter().collect();
        Ok(database.run(statement(wish.function, wish.has_rows, values)?))
    }

    fn database(&self, function: &str) -> mlua::Result<Arc<Database>> {
        while_running(&self.surroundings, function)?;
        let refuse = |message: String| Error::runtime(format!("{function}: {message}"));
        self.owner.may_use(Right::Db).map_err(refuse)?;
        let databases = &self.surroundings.databases;
        let found = databases.of(&self.surroundings.tenant, &self.owner.name);
        found.ok_or_else(|| refuse("there is no place for tables here".to_owned()))
    }

    fn is_held(&self) -> bool {
        let Some(run) = self.surroundings.run() else {
            return false;
        };
        let mut held = self.held.borrow_mut();
        held.retain(|it| it.strong_count() > 0);
        held.iter().any(|it| it.as_ptr() == Rc::as_ptr(&run))
    }

    fn hold(&self) -> Option<Weak<Run>> {
        let run = Rc::downgrade(&self.surroundings.run()?);
        self.held.borrow_mut().push(Weak::clone(&run));
        Some(run)
    }
}

async fn answered(
    lua: &Lua,
    wish: &Wish,
    surroundings: &Surroundings,
    place: &Place,
    begun: mlua::Result<DatabaseAnswer<Outcome>>,
) -> mlua::Result<MultiValue> {
    let _waited = surroundings.outside.wait();
    let outcome = match begun {
        Ok(answer) => heard(wish.function, answer).await,
        Err(error) => Err(error),
    };
    let values = outcome.and_then(|outcome| (wish.finish)(lua, outcome));
    values.map_err(|error| fault::at(place, error))
}

async fn heard<T>(function: &str, answer: DatabaseAnswer<T>) -> mlua::Result<T> {
    let gone = || DatabaseError::Unusable("the database is closed".to_owned());
    let answer = answer.await.unwrap_or_else(|_| Err(gone()));
    answer.map_err(|error| Error::runtime(format!("{function}: {error}")))
}

/// A statement with what stands for its marks: values in order, or one table of names.
fn statement(
    function: &'static str,
    has_rows: bool,
    values: Vec<Value>,
) -> mlua::Result<Statement> {
    // Values at the end may be nil.
    let given = values.len();
    let arguments = Arguments::new(function, values, MOST_VALUES)?;
    let sql = arguments.text(
        0,
        "a statement such as \"SELECT * FROM notes WHERE id = ?\"",
    )?;
    let parameters = match arguments.value(1) {
        Value::Table(named) if given == 2 => {
            let mut values = Vec::new();
            for pair in named.pairs::<Value, Value>() {
                let (name, value) = pair?;
                let Value::String(name) = &name else {
                    return Err(arguments.refuse("values in a table have names: { id = 7 }"));
                };
                let read = read(&value).map_err(|message| arguments.refuse(message))?;
                values.push((name.to_string_lossy(), read));
            }
            Parameters::Named(values)
        }
        _ => {
            let values = (1..given).map(|index| read(arguments.value(index)));
            let values: Result<Vec<_>, String> = values.collect();
            Parameters::Listed(values.map_err(|message| arguments.refuse(message))?)
        }
    };
    Ok(Statement {
        sql,
        parameters,
        has_rows,
    })
}

fn read(value: &Value) -> Result<DatabaseValue, String> {
    Ok(match value {
        Value::Nil => DatabaseValue::Null,
        Value::Boolean(yes) => DatabaseValue::Integer((*yes).into()),
        Value::Integer(number) => DatabaseValue::Integer(*number),
        Value::Number(number) => DatabaseValue::Real(*number),
        Value::String(octets) => match octets.to_str() {
            Ok(text) => DatabaseValue::Text(text.to_owned()),
            Err(_) => DatabaseValue::Blob(octets.as_bytes().to_vec()),
        },
        null if null.is_null() => DatabaseValue::Null,
        other => {
            let got = shown(other);
            return Err(format!(
                "a value is text, a number, true, false or nil, got {got}: json.encode makes text of a table"
            ));
        }
    })
}

fn rows_of(lua: &Lua, outcome: Outcome) -> mlua::Result<Vec<Table>> {
    let Outcome::Rows { columns, rows } = outcome else {
        return Ok(Vec::new());
    };
    let rows = rows.into_iter().map(|row| {
        let table = lua.create_table_with_capacity(0, row.len())?;
        for (column, value) in columns.iter().zip(row) {
            let value = match value {
                DatabaseValue::Null => continue,
                DatabaseValue::Integer(number) => Value::Integer(number),
                DatabaseValue::Real(number) => Value::Number(number),
                DatabaseValue::Text(text) => Value::String(lua.create_string(text)?),
                DatabaseValue::Blob(octets) => Value::String(lua.create_string(octets)?),
            };
            table.raw_set(column.as_str(), value)?;
        }
        Ok(table)
    });
    rows.collect()
}

fn all(lua: &Lua, outcome: Outcome) -> mlua::Result<MultiValue> {
    let list = lua.create_sequence_from(rows_of(lua, outcome)?)?;
    // An empty one is a list too, when it is written as JSON.
    list.set_metatable(Some(mlua::LuaSerdeExt::array_metatable(lua)))?;
    list.into_lua_multi(lua)
}

fn first(lua: &Lua, outcome: Outcome) -> mlua::Result<MultiValue> {
    rows_of(lua, outcome)?
        .into_iter()
        .next()
        .into_lua_multi(lua)
}

fn done(lua: &Lua, outcome: Outcome) -> mlua::Result<MultiValue> {
    match outcome {
        Outcome::Done { changed, last_id } => (changed, last_id).into_lua_multi(lua),
        Outcome::Rows { .. } => ().into_lua_multi(lua),
    }
}

/// A transaction in the hands of a script.
struct Held {
    transaction: RefCell<Option<Transaction>>,
    tables: Rc<Tables>,
    run: Option<Weak<Run>>,
}

impl Held {
    fn let_go(&self) -> Option<Transaction> {
        if let Some(run) = &self.run {
            let mut held = self.tables.held.borrow_mut();
            if let Some(place) = held.iter().position(|it| it.ptr_eq(run)) {
                held.swap_remove(place);
            }
        }
        self.transaction.borrow_mut().take()
    }
}

impl UserData for Held {
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_meta_method(MetaMethod::Index, |lua, _, name: String| {
            class(lua)?.method(&name)
        });
        methods.add_meta_method(MetaMethod::NewIndex, |lua, _, (name, _): (Value, Value)| {
            Err::<(), _>(refuse_set(&class(lua)?, &name, ""))
        });
        // Left without a commit: it is undone.
        methods.add_meta_method(MetaMethod::Close, |_, held, _: MultiValue| {
            drop(held.let_go());
            Ok(())
        });
    }
}

pub(crate) struct TransactionClass(pub(crate) Rc<Class>);

fn class(lua: &Lua) -> mlua::Result<Rc<Class>> {
    match lua.app_data_ref::<TransactionClass>() {
        Some(class) => Ok(Rc::clone(&class.0)),
        None => Err(Error::runtime("transactions are not known in this VM")),
    }
}

/// Makes the methods of transactions, once for a VM.
pub(crate) fn register(lua: &Lua) -> mlua::Result<()> {
    let mut class = Class::new("a transaction", "tx", &[]);
    for wish in WISHES {
        let run = lua.create_async_function(move |lua: Lua, values: MultiValue| {
            let around = lua
                .app_data_ref::<Rc<Surroundings>>()
                .map(|it| Rc::clone(&it));
            let begun = begin(wish, values);
            async move {
                let around = around.ok_or_else(|| Error::runtime("no VM of ours"))?;
                let place = around.place(&lua);
                answered(&lua, wish, &around, &place, begun).await
            }
        })?;
        class.add(wish.name, vm::waiting(lua, wish.method, run)?);
    }
    lua.set_app_data(TransactionClass(Rc::new(class)));
    Ok(())
}

fn begin(wish: &Wish, values: MultiValue) -> mlua::Result<DatabaseAnswer<Outcome>> {
    let (held, arguments) = receive::<Held>(wish.method, values, MOST_VALUES)?;
    let statement = statement(wish.method, wish.has_rows, arguments.into_values())?;
    let transaction = held.transaction.borrow();
    match transaction.as_ref() {
        Some(transaction) => Ok(transaction.run(statement)),
        None => Err(over(wish.method)),
    }
}

fn over(function: &str) -> Error {
    Error::runtime(format!("{function}: the transaction is over"))
}

/// `db.transaction(function(tx) … end)`.
fn transaction(lua: &Lua, tables: &Rc<Tables>) -> mlua::Result<Function> {
    let around = Rc::clone(tables);
    let begin = lua.create_async_function(move |lua: Lua, values: MultiValue| {
        let tables = Rc::clone(&around);
        let place = tables.surroundings.place(&lua);
        async move {
            let began = async {
                let database = tables.database(TRANSACTION)?;
                let arguments = Arguments::new(TRANSACTION, values, 1)?;
                arguments.function(0)?;
                if tables.is_held() {
                    return Err(
                        arguments.refuse("there is one already: transactions are not nested")
                    );
                }
                let _waited = tables.surroundings.outside.wait();
                let (transaction, begun) = database.transaction();
                heard(TRANSACTION, begun).await?;
                Ok(transaction)
            };
            let transaction = began.await.map_err(|error| fault::at(&place, error))?;
            Ok(Held {
                transaction: RefCell::new(Some(transaction)),
                run: tables.hold(),
                tables,
            })
        }
    })?;
    let around = Rc::clone(tables);
    let commit = lua.create_async_function(move |lua: Lua, held: AnyUserData| {
        let tables = Rc::clone(&around);
        let place = tables.surroundings.place(&lua);
        async move {
            // The body may have handed it to somebody who has closed it.
            let Some(transaction) = held.borrow::<Held>()?.let_go() else {
                return Err(fault::at(&place, over(TRANSACTION)));
            };
            let _waited = tables.surroundings.outside.wait();
            let committed = heard(TRANSACTION, transaction.commit()).await;
            committed.map_err(|error| fault::at(&place, error))
        }
    })?;
    let begin = vm::waiting(lua, TRANSACTION, begin)?;
    let commit = vm::waiting(lua, TRANSACTION, commit)?;
    let chunk = lua.load(include_str!("db.lua")).set_name("=db");
    chunk.call((begin, commit))
}

const TRANSACTION: &str = "db.transaction";

/// More is refused by SQLite too.
const MOST_VALUES: usize = 201;
