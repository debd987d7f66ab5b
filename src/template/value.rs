//! The values a template works on: Go's `interface {}` as Helm's charts see it.
//!
//! Maps and lists are shared and mutable, as in Go: cloning a `Value` copies a reference, and `set`,
//! `unset` or `merge` on one are seen by every holder. A value lives on one thread (`Rc`); what has to
//! travel between threads is a [`super::frozen::Frozen`].

pub mod circles;
pub mod heap;
mod text;
pub mod types;

use std::cell::{Ref, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;

use heap::{Changing, Share};
pub use text::Str;
use types::{Named, Type};

/// Any value of a template.
#[derive(Clone, Debug)]
pub enum Value {
    /// No value at all, Go's zero `reflect.Value`: what an absent variable or field of an untyped nil
    /// evaluates to. Never stored in a map or list.
    Invalid,
    /// The nil interface: YAML `null`, a missing key of a map (Helm sets `missingkey=zero`).
    Nil,
    Bool(bool),
    Int(IntKind, i64),
    Uint(UintKind, u64),
    Float(f64),
    /// A Go string: any bytes, not always UTF-8.
    Str(Str),
    /// `[]byte`: prints as numbers, reads as a string where a function says so.
    Bytes(Str),
    List(List),
    Map(Map),
    /// A struct or pointer with fields and methods (`.Capabilities`, `semver`, `now`).
    Object(Rc<dyn Object>),
}

/// Which of Go's signed integer types a number has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntKind {
    Int,
    Int8,
    Int16,
    Int32,
    Int64,
    /// `time.Duration`, printed as `1h2m3s`.
    Duration,
    /// A defined type whose kind is int, such as `time.Month`.
    Named(&'static Named),
}

/// Which of Go's unsigned integer types a number has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UintKind {
    Uint,
    Uint8,
    Uint16,
    Uint32,
    Uint64,
}

/// A Go struct (or pointer to one) that a template can look into.
pub trait Object: fmt::Debug {
    /// Name and methods; `underlying` is `Type::Any`.
    fn named(&self) -> &'static Named;
    /// An exported field; `None` where Go would say `can't evaluate field`.
    fn field(&self, name: &str) -> Option<Value>;
    /// All exported fields in the order of declaration, for `%v`, JSON and YAML.
    fn fields(&self) -> Vec<(&'static str, Value)>;
    /// All fields in the order of declaration, for `%v`: where there are unexported ones, these too.
    fn printed_fields(&self) -> Vec<(&'static str, Value)> {
        self.fields()
    }
    /// Whether Go has an unexported field of this name there.
    fn hides(&self, name: &str) -> bool {
        self.printed_fields().iter().any(|(field, _)| *field == name)
    }
    /// Go's `String()` method, which printing prefers to the fields.
    fn display(&self) -> Option<String> {
        None
    }
    /// A `String()` method of the pointer: an action finds it where the struct is a field of a pointer,
    /// a function, which gets a copy, does not.
    fn display_in_place(&self) -> Option<String> {
        self.display()
    }
    /// Go's `GoString()` method, which `%#v` prefers to the fields.
    fn go_string(&self) -> Option<String> {
        None
    }
    /// What `encoding/json` writes where the type has its own `MarshalJSON` (a string or nil).
    fn json(&self) -> Option<Value> {
        None
    }
    /// The fields as `encoding/json` names and orders them, where tags say otherwise than `fields`.
    fn json_fields(&self) -> Vec<(&'static str, Value)> {
        self.fields()
    }
    fn as_any(&self) -> &dyn std::any::Any;
}

impl Value {
    /// A Go `int`.
    pub fn int(n: i64) -> Self {
        Value::Int(IntKind::Int, n)
    }

    /// A Go `int64`, what sprig's arithmetic returns.
    pub fn int64(n: i64) -> Self {
        Value::Int(IntKind::Int64, n)
    }

    pub fn str(text: impl Into<Str>) -> Self {
        Value::Str(text.into())
    }

    /// A new `[]interface {}`.
    pub fn list(items: Vec<Value>) -> Self {
        Value::List(List::new(Type::Any, items))
    }

    /// A new `[]string`.
    pub fn strings<S: Into<Str>>(items: impl IntoIterator<Item = S>) -> Self {
        let items = items.into_iter().map(Value::str).collect();
        Value::List(List::new(Type::String, items))
    }

    /// A new `map[string]interface {}`.
    pub fn map<K: Into<Str>>(entries: impl IntoIterator<Item = (K, Value)>) -> Self {
        Value::Map(Map::new(Type::Any, entries.into_iter().map(|(k, v)| (k.into(), v)).collect()))
    }

    /// Neither kind of nil (a nil map or list is a value).
    pub fn is_some(&self) -> bool {
        !matches!(self, Value::Invalid | Value::Nil)
    }

    pub fn as_str(&self) -> Option<&Str> {
        match self {
            Value::Str(text) => Some(text),
            _ => None,
        }
    }

    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Value::Map(map) => Some(map),
            _ => None,
        }
    }

    pub fn as_list(&self) -> Option<&List> {
        match self {
            Value::List(list) => Some(list),
            _ => None,
        }
    }

    /// The dynamic type; `Type::Any` for both nils (Go prints `interface {}` or `<nil>` there).
    pub fn type_of(&self) -> Type {
        match self {
            Value::Invalid | Value::Nil => Type::Any,
            Value::Bool(_) => Type::Bool,
            Value::Int(kind, _) => kind.type_of(),
            Value::Uint(kind, _) => kind.type_of(),
            Value::Float(_) => Type::Float64,
            Value::Str(_) => Type::String,
            Value::Bytes(_) => Type::Bytes,
            Value::List(list) => list.type_of(),
            Value::Map(map) => map.type_of(),
            Value::Object(object) => Type::Named(object.named()),
        }
    }
}

impl IntKind {
    pub fn type_of(self) -> Type {
        match self {
            IntKind::Int => Type::Int,
            IntKind::Int8 => Type::Int8,
            IntKind::Int16 => Type::Int16,
            IntKind::Int32 => Type::Int32,
            IntKind::Int64 => Type::Int64,
            IntKind::Duration => Type::Duration,
            IntKind::Named(named) => Type::Named(named),
        }
    }
}

impl UintKind {
    pub fn type_of(self) -> Type {
        match self {
            UintKind::Uint => Type::Uint,
            UintKind::Uint8 => Type::Uint8,
            UintKind::Uint16 => Type::Uint16,
            UintKind::Uint32 => Type::Uint32,
            UintKind::Uint64 => Type::Uint64,
        }
    }
}

/// A Go slice, shared by reference.
#[derive(Clone)]
pub struct List(Rc<ListCell>);

struct ListCell {
    ty: Type,
    nil: bool,
    share: Share,
    items: RefCell<Vec<Value>>,
}

impl ListCell {
    fn new(ty: Type, nil: bool, items: Vec<Value>) -> Self {
        ListCell { ty, nil, share: Share::new(weigh_list(&items)), items: RefCell::new(items) }
    }
}

/// What a list takes up, without what its elements refer to.
fn weigh_list(items: &Vec<Value>) -> usize {
    heap::allocation(size_of::<ListCell>() + items.capacity() * size_of::<Value>())
}

impl List {
    /// A slice whose elements have the static type `element`.
    pub fn new(element: Type, items: Vec<Value>) -> Self {
        Self::typed(Type::List(leak_free(element)), items)
    }

    /// A slice of a defined type, such as `common.VersionSet`.
    pub fn named(named: &'static Named, items: Vec<Value>) -> Self {
        Self::typed(Type::Named(named), items)
    }

    /// Go's nil slice: empty, and `null` in JSON.
    pub fn nil(element: Type) -> Self {
        List(Rc::new(ListCell::new(Type::List(leak_free(element)), true, Vec::new())))
    }

    fn typed(ty: Type, items: Vec<Value>) -> Self {
        List(Rc::new(ListCell::new(ty, false, items)))
    }

    pub fn type_of(&self) -> Type {
        self.0.ty
    }

    /// The static type of the elements.
    pub fn element(&self) -> Type {
        element_of(self.0.ty)
    }

    pub fn is_nil(&self) -> bool {
        self.0.nil
    }

    pub fn len(&self) -> usize {
        self.borrow().len()
    }

    pub fn is_empty(&self) -> bool {
        self.borrow().is_empty()
    }

    pub fn get(&self, index: usize) -> Option<Value> {
        self.borrow().get(index).cloned()
    }

    /// The elements; do not hold the borrow across a call into a template or function.
    pub fn borrow(&self) -> Ref<'_, Vec<Value>> {
        self.0.items.borrow()
    }

    /// The elements, to change in place; every holder of the list sees it.
    pub fn borrow_mut(&self) -> Changing<'_, Vec<Value>> {
        Changing::new(self.0.items.borrow_mut(), &self.0.share, weigh_list)
    }

    /// A copy of the elements, safe to walk while the list changes.
    pub fn snapshot(&self) -> Vec<Value> {
        self.borrow().clone()
    }

    pub fn same(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }

    /// A number that no other living collection has, to find cycles.
    pub fn address(&self) -> usize {
        Rc::as_ptr(&self.0).addr()
    }
}

impl fmt::Debug for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "List({})", self.0.ty)
    }
}

/// A Go map with string keys, shared by reference and walked in key order.
#[derive(Clone)]
pub struct Map(Rc<MapCell>);

struct MapCell {
    ty: Type,
    nil: bool,
    /// Where the entries are, if this is another map seen with another type.
    of: Option<Map>,
    share: Share,
    entries: RefCell<BTreeMap<Str, Value>>,
}

impl MapCell {
    fn new(ty: Type, nil: bool, of: Option<Map>, entries: BTreeMap<Str, Value>) -> Self {
        MapCell { ty, nil, of, share: Share::new(weigh_map(&entries)), entries: RefCell::new(entries) }
    }
}

/// What a map takes up, without what its values refer to: the nodes of a B-tree have room for 11 entries and hold 6
/// at least, but for the only one.
fn weigh_map(entries: &BTreeMap<Str, Value>) -> usize {
    const NODE: usize = 11 * size_of::<(Str, Value)>();
    heap::allocation(size_of::<MapCell>() + entries.len().div_ceil(6) * heap::allocation(NODE))
}

impl Map {
    /// A map whose values have the static type `element`.
    pub fn new(element: Type, entries: BTreeMap<Str, Value>) -> Self {
        Self::typed(Type::Map(leak_free(element)), entries)
    }

    /// A map of a defined type, such as `common.Values`.
    pub fn named(named: &'static Named, entries: BTreeMap<Str, Value>) -> Self {
        Self::typed(Type::Named(named), entries)
    }

    /// Go's nil map: empty, and `null` in JSON.
    pub fn nil(element: Type) -> Self {
        let ty = Type::Map(leak_free(element));
        Map(Rc::new(MapCell::new(ty, true, None, BTreeMap::new())))
    }

    fn typed(ty: Type, entries: BTreeMap<Str, Value>) -> Self {
        Map(Rc::new(MapCell::new(ty, false, None, entries)))
    }

    /// The same map seen as a defined type (Go's conversion `common.Values(m)`): what is changed through one
    /// is seen through the other.
    pub fn seen_as(&self, named: &'static Named) -> Self {
        let of = Some(self.0.of.clone().unwrap_or_else(|| self.clone()));
        Map(Rc::new(MapCell::new(Type::Named(named), self.0.nil, of, BTreeMap::new())))
    }

    /// The same map seen as a `map[string]interface {}`.
    pub fn seen_as_plain(&self) -> Self {
        let of = Some(self.0.of.clone().unwrap_or_else(|| self.clone()));
        let ty = Type::Map(&Type::Any);
        Map(Rc::new(MapCell::new(ty, self.0.nil, of, BTreeMap::new())))
    }

    /// Where the entries are.
    fn home(&self) -> &Rc<MapCell> {
        match &self.0.of {
            Some(map) => &map.0,
            None => &self.0,
        }
    }

    pub fn type_of(&self) -> Type {
        self.0.ty
    }

    /// The static type of the values.
    pub fn element(&self) -> Type {
        element_of(self.0.ty)
    }

    pub fn is_nil(&self) -> bool {
        self.0.nil
    }

    pub fn len(&self) -> usize {
        self.borrow().len()
    }

    pub fn is_empty(&self) -> bool {
        self.borrow().is_empty()
    }

    pub fn get(&self, key: impl AsRef<[u8]>) -> Option<Value> {
        self.borrow().get(key.as_ref()).cloned()
    }

    pub fn insert(&self, key: impl Into<Str>, value: Value) -> Option<Value> {
        self.borrow_mut().insert(key.into(), value)
    }

    pub fn remove(&self, key: impl AsRef<[u8]>) -> Option<Value> {
        self.borrow_mut().remove(key.as_ref())
    }

    /// The entries; do not hold the borrow across a call into a template or function.
    pub fn borrow(&self) -> Ref<'_, BTreeMap<Str, Value>> {
        self.home().entries.borrow()
    }

    /// The entries, to change in place; every holder of the map sees it.
    pub fn borrow_mut(&self) -> Changing<'_, BTreeMap<Str, Value>> {
        let home = self.home();
        Changing::new(home.entries.borrow_mut(), &home.share, weigh_map)
    }

    /// A copy of the entries in key order, safe to walk while the map changes.
    pub fn snapshot(&self) -> Vec<(Str, Value)> {
        self.borrow().iter().map(|(key, value)| (key.clone(), value.clone())).collect()
    }

    pub fn same(&self, other: &Self) -> bool {
        Rc::ptr_eq(self.home(), other.home())
    }

    /// A number that no other living collection has, to find cycles.
    pub fn address(&self) -> usize {
        Rc::as_ptr(self.home()).addr()
    }
}

impl fmt::Debug for Map {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Map({})", self.0.ty)
    }
}

fn element_of(ty: Type) -> Type {
    match ty {
        Type::List(element) | Type::Map(element) => *element,
        Type::Named(named) => element_of(named.underlying),
        _ => Type::Any,
    }
}

/// The static home of an element type: containers of containers are not needed beyond these.
fn leak_free(element: Type) -> &'static Type {
    const ANY_MAP: Type = Type::Map(&Type::Any);
    match element {
        Type::String => &Type::String,
        Type::Int => &Type::Int,
        Type::Int64 => &Type::Int64,
        Type::Float64 => &Type::Float64,
        Type::Bool => &Type::Bool,
        Type::Bytes => &Type::Bytes,
        Type::Map(_) => &ANY_MAP,
        Type::List(Type::String) => &const { Type::List(&Type::String) },
        Type::List(_) => &const { Type::List(&Type::Any) },
        _ => &Type::Any,
    }
}

impl Drop for ListCell {
    fn drop(&mut self) {
        dismantle(std::mem::take(self.items.get_mut()));
    }
}

impl Drop for MapCell {
    fn drop(&mut self) {
        dismantle(std::mem::take(self.entries.get_mut()).into_values());
    }
}

/// Drops values level by level instead of by recursion: a template can nest lists far deeper than a
/// stack reaches.
fn dismantle(values: impl IntoIterator<Item = Value>) {
    let container = |value: &Value| matches!(value, Value::List(_) | Value::Map(_));
    let mut left: Vec<Value> = values.into_iter().filter(container).collect();
    while let Some(value) = left.pop() {
        match value {
            Value::List(list) => {
                if let Some(mut cell) = Rc::into_inner(list.0) {
                    left.extend(std::mem::take(cell.items.get_mut()).into_iter().filter(container));
                }
            }
            Value::Map(map) => {
                if let Some(mut cell) = Rc::into_inner(map.0) {
                    let entries = std::mem::take(cell.entries.get_mut());
                    left.extend(entries.into_values().filter(container));
                }
            }
            _ => {}
        }
    }
}
