//! The memory that the values of this thread take up, counted while they live.
//!
//! Rust tells nobody what a value tree weighs, and a template can build one without printing a byte. The count is an
//! estimate from the sizes and lengths of texts, lists and maps (objects and copies that a function walks are small
//! beside them, or bounded by them); `template::budgets` holds an execution to it. Values live on one thread, so a
//! counter a thread is enough. A text may be dropped on another thread than it was made on: who wants to know what an
//! execution uses asks before and after.

use std::cell::{Cell, RefMut};
use std::ops::{Deref, DerefMut};

thread_local! {
    static LIVE: Cell<isize> = const { Cell::new(0) };
}

/// What one allocation costs beside its contents: counters, lengths, the allocator's own word.
const ALLOCATION: usize = 48;

/// Bytes in use by the values that were made on this thread and live; below zero where others were dropped here.
pub fn live() -> isize {
    LIVE.get()
}

/// The size of an allocation that holds so many bytes.
pub(super) fn allocation(bytes: usize) -> usize {
    ALLOCATION.saturating_add(bytes)
}

pub(super) fn add(bytes: usize) {
    LIVE.set(LIVE.get().saturating_add_unsigned(bytes));
}

pub(super) fn remove(bytes: usize) {
    LIVE.set(LIVE.get().saturating_sub_unsigned(bytes));
}

/// What one collection, or a copy of its entries, has added to the count; dropping takes it off again.
pub struct Share(Cell<usize>);

impl Share {
    /// Adds so many bytes.
    pub fn new(bytes: usize) -> Self {
        add(bytes);
        Share(Cell::new(bytes))
    }

    fn set(&self, bytes: usize) {
        remove(self.0.replace(bytes));
        add(bytes);
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        remove(self.0.get());
    }
}

/// The contents of a collection, to change in place; they are weighed anew afterwards.
pub struct Changing<'a, T> {
    contents: RefMut<'a, T>,
    share: &'a Share,
    weigh: fn(&T) -> usize,
}

impl<'a, T> Changing<'a, T> {
    pub(super) fn new(contents: RefMut<'a, T>, share: &'a Share, weigh: fn(&T) -> usize) -> Self {
        Changing { contents, share, weigh }
    }
}

impl<T> Deref for Changing<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.contents
    }
}

impl<T> DerefMut for Changing<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.contents
    }
}

impl<T> Drop for Changing<'_, T> {
    fn drop(&mut self) {
        self.share.set((self.weigh)(&self.contents));
    }
}
