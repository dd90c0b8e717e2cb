/** The data set that a Node script serves. */
import type { DataSet } from '../models/data/dataSet.ts'
import { type DataName, openDataSet } from '../models/data/open.ts'
import { get } from './commands.ts'

/** Throws DataError when a file is missing or wrong. */
export async function served(request: DataName): Promise<DataSet> {
  return openDataSet(request, {
    ...(request.images !== undefined && { images: await get('images') }),
    ...(request.labels !== undefined && { labels: await get('labels') }),
  })
}
