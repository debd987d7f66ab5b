//! What one execution may use up before it is stopped: steps, output bytes, nested templates, stack.

/// Actions, loop turns and calls of one execution. The largest public charts need about 300,000;
/// 50 million take a few seconds and are the most that a hostile chart can cost.
pub const MAX_STEPS: u64 = 50_000_000;

/// Bytes printed by one execution, nested templates and formatted strings included. The largest public
/// chart prints 8 MB in all; Kubernetes takes no object above 3 MiB.
pub const MAX_OUTPUT: usize = 256 << 20;

/// Templates running inside each other. Go stops at 100,000 `template` actions (its stack grows on
/// demand), Helm at 1,000 includes of one name; no public chart goes beyond 60.
pub const MAX_DEPTH: usize = 10_000;

/// Stack of a thread made by [`on_deep_stack`]. Only what is touched becomes resident: a nested
/// `include` takes about 4 KiB in a release build.
pub const STACK: usize = 256 << 20;

/// How much of a stack an execution may use when the caller says nothing: half of what Rust gives a
/// thread by default (2 MiB).
pub const DEFAULT_STACK_LIMIT: usize = 1 << 20;

/// Left of [`STACK`] for the function that is running when the limit is seen.
const STACK_RESERVE: usize = 2 << 20;

/// The limits of one execution.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub steps: u64,
    /// In bytes.
    pub output: usize,
    /// Templates inside each other.
    pub depth: usize,
    /// In bytes, from the frame that makes the [`Budget`] on.
    pub stack: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { steps: MAX_STEPS, output: MAX_OUTPUT, depth: MAX_DEPTH, stack: DEFAULT_STACK_LIMIT }
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
    #[error("template takes more than {0} steps; look for a loop that does not end")]
    Steps(u64),
    #[error("template prints more than {0} bytes; look for a loop that repeats its own output")]
    Output(usize),
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
    output: usize,
    depth: usize,
    base: usize,
}

impl Budget {
    /// A full budget. Make it on the thread that executes: the stack is measured from here.
    pub fn new(limits: Limits) -> Self {
        Budget { limits, steps: 0, output: 0, depth: 0, base: stack_address() }
    }

    /// Charges one step.
    pub fn step(&mut self) -> Result<(), BudgetError> {
        self.steps(1)
    }

    /// Charges `count` steps; a function that loops charges its turns before it starts.
    pub fn steps(&mut self, count: u64) -> Result<(), BudgetError> {
        self.steps = self.steps.saturating_add(count);
        if self.steps > self.limits.steps { Err(BudgetError::Steps(self.limits.steps)) } else { Ok(()) }
    }

    /// Charges bytes that are about to be printed or built.
    pub fn output(&mut self, bytes: usize) -> Result<(), BudgetError> {
        self.output = self.output.saturating_add(bytes);
        if self.output > self.limits.output { Err(BudgetError::Output(self.limits.output)) } else { Ok(()) }
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
