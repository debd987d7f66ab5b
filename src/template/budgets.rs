//! What one execution may use up before it is stopped: steps, output bytes, memory, nested templates, stack.

use super::value::heap;

/// Actions, loop turns and calls of one execution, and the work of its functions in the same measure: one step is
/// about 100 ns. Public charts need up to 300,000, and three million where they make keys; ten million are the most
/// that a hostile chart can cost.
pub const MAX_STEPS: u64 = 10_000_000;

/// Bytes printed by one execution, with those of nested templates that have not ended: what one has printed becomes
/// a value then, and counts as such. The largest public chart prints 2.5 MB; Kubernetes takes no object above 3 MiB.
pub const MAX_OUTPUT: usize = 48 << 20;

/// Bytes of one text that a function builds: longer ones are refused before they are whole. Kubernetes takes no object
/// above 3 MiB; one that is escaped can become six times as long before anybody looks.
pub const MAX_TEXT: usize = 8 << 20;

/// Bytes of the values that one execution holds at a time ([`heap`]), beyond those it was given. The largest public
/// charts need 10 MB.
pub const MAX_MEMORY: usize = 64 << 20;

/// So many bytes of a text are made or printed in one step.
const BYTES_PER_STEP: usize = 32;

/// Templates running inside each other. Go stops at 100,000 `template` actions (its stack grows on
/// demand), Helm at 1,000 includes of one name; no public chart goes beyond 60.
pub const MAX_DEPTH: usize = 4_000;

/// Stack of a thread made by [`on_deep_stack`]. Only what is touched becomes resident: a nested
/// `include` takes about 3 KiB in a release build, 20 in a debug build.
pub const STACK: usize = 128 << 20;

/// How much of a stack an execution may use when the caller says nothing: half of what Rust gives a
/// thread by default (2 MiB).
pub const DEFAULT_STACK_LIMIT: usize = 1 << 20;

/// Left of [`STACK`] for the function that is running when the limit is seen.
const STACK_RESERVE: usize = 8 << 20;

/// The limits of one execution.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub steps: u64,
    /// In bytes.
    pub output: usize,
    /// In bytes.
    pub memory: usize,
    /// Templates inside each other.
    pub depth: usize,
    /// In bytes, from the frame that makes the [`Budget`] on.
    pub stack: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            steps: MAX_STEPS,
            output: MAX_OUTPUT,
            memory: MAX_MEMORY,
            depth: MAX_DEPTH,
            stack: DEFAULT_STACK_LIMIT,
        }
    }
}

impl Limits {
    /// The limits inside [`on_deep_stack`].
    pub fn deep() -> Self {
        Limits { stack: STACK - STACK_RESERVE, ..Limits::default() }
    }
}

/// Why an execution was stopped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BudgetError {
    #[error(
        "template takes more than {0} steps; look for a loop that does not end, or make fewer keys and hashes"
    )]
    Steps(u64),
    #[error("template prints more than {0} bytes; look for a loop that repeats its own output")]
    Output(usize),
    #[error("template builds a text of more than {0} bytes; look for a loop that repeats its own output")]
    Text(usize),
    #[error("template holds more than {0} bytes in its values; look for a loop that makes a value grow")]
    Memory(usize),
    #[error("exceeded maximum template depth ({0})")]
    Depth(usize),
    #[error(
        "templates or expressions are nested too deeply ({0} bytes of stack); look for a template that includes itself"
    )]
    Stack(usize),
}

/// What is left of the [`Limits`] of one execution.
#[derive(Debug)]
pub struct Budget {
    limits: Limits,
    steps: u64,
    /// In bytes.
    printed: usize,
    depth: usize,
    /// Where the stack was at the start.
    base: usize,
    /// What values took up at the start.
    held: isize,
}

impl Budget {
    /// A full budget. Make it on the thread that executes: the stack is measured from here.
    pub fn new(limits: Limits) -> Self {
        Budget { limits, steps: 0, printed: 0, depth: 0, base: stack_address(), held: heap::live() }
    }

    /// Charges one step.
    pub fn step(&mut self) -> Result<(), BudgetError> {
        self.steps(1)
    }

    /// Charges `count` steps; a function that loops charges its turns before it starts.
    pub fn steps(&mut self, count: u64) -> Result<(), BudgetError> {
        self.steps = self.steps.saturating_add(count);
        if self.steps > self.limits.steps {
            return Err(BudgetError::Steps(self.limits.steps));
        }
        self.memory(0)
    }

    /// Checks that so many bytes more may be held.
    pub fn memory(&self, bytes: usize) -> Result<(), BudgetError> {
        if self.held().saturating_add(bytes) > self.limits.memory {
            return Err(BudgetError::Memory(self.limits.memory));
        }
        Ok(())
    }

    /// How many bytes more may be held.
    pub fn memory_left(&self) -> usize {
        self.limits.memory.saturating_sub(self.held())
    }

    fn held(&self) -> usize {
        usize::try_from(heap::live().saturating_sub(self.held)).unwrap_or(0)
    }

    /// Charges a text that is about to be built.
    pub fn text(&mut self, bytes: usize) -> Result<(), BudgetError> {
        self.fits(bytes)?;
        self.steps((bytes / BYTES_PER_STEP) as u64)
    }

    /// Checks that a text may become so long.
    pub fn fits(&self, bytes: usize) -> Result<(), BudgetError> {
        if bytes > MAX_TEXT {
            return Err(BudgetError::Text(MAX_TEXT));
        }
        self.memory(bytes)
    }

    /// Charges bytes that are about to be printed.
    pub fn print(&mut self, bytes: usize) -> Result<(), BudgetError> {
        self.text(bytes)?;
        self.printed = self.printed.saturating_add(bytes);
        if self.printed > self.limits.output {
            return Err(BudgetError::Output(self.limits.output));
        }
        Ok(())
    }

    /// How many bytes are printed.
    pub fn printed(&self) -> usize {
        self.printed
    }

    /// What was printed since [`Budget::printed`] said `before` is taken as a value.
    pub fn taken(&mut self, before: usize) {
        self.printed = before;
    }

    /// Enters a nested template; pair with [`Budget::leave`].
    pub(super) fn enter(&mut self) -> Result<(), BudgetError> {
        if self.depth >= self.limits.depth {
            return Err(BudgetError::Depth(self.limits.depth));
        }
        self.stack()?;
        self.depth += 1;
        Ok(())
    }

    pub(super) fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    /// Checks that enough stack is left to go one level deeper.
    pub(super) fn stack(&self) -> Result<(), BudgetError> {
        if self.base.abs_diff(stack_address()) > self.limits.stack {
            Err(BudgetError::Stack(self.limits.stack))
        } else {
            Ok(())
        }
    }
}

/// Runs `work` on a thread whose stack lets [`Limits::deep`] run to their end, and gives back its answer.
///
/// # Errors
/// When the system has no thread or no address space left.
pub fn on_deep_stack<T: Send>(work: impl FnOnce() -> T + Send) -> std::io::Result<T> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("render".into()).stack_size(STACK);
        let handle = thread.spawn_scoped(scope, work)?;
        match handle.join() {
            Ok(answer) => Ok(answer),
            Err(payload) => std::panic::resume_unwind(payload),
        }
    })
}

/// Where the stack is now, roughly.
#[inline(never)]
fn stack_address() -> usize {
    let here = 0_u8;
    std::hint::black_box(&raw const here) as usize
}
