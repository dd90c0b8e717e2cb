// What the report does when it is pointed at: says more, and shows the same kernel everywhere.
const tip = document.querySelector('#tip')
let shown

const mark = (kernel, on) => {
  if (kernel === undefined) return
  for (const e of document.querySelectorAll(`[data-kernel="${kernel}"]`)) e.classList.toggle('hot', on)
}

addEventListener('mousemove', ({ target, clientX, clientY }) => {
  const over = target.closest?.('[data-tip]')
  if (over !== shown) {
    mark(shown?.dataset.kernel, false)
    mark(over?.dataset.kernel, true)
    shown = over
    tip.hidden = !over
    if (over) tip.textContent = over.dataset.tip
  }
  if (!over) return
  const { width, height } = tip.getBoundingClientRect()
  tip.style.left = `${Math.min(clientX + 14, innerWidth - width - 8)}px`
  tip.style.top = `${Math.min(clientY + 14, innerHeight - height - 8)}px`
})
